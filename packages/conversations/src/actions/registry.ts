import { InvalidBytesError, createCodec, decodeCanonical, type Codec, type ParleyError } from '@parley/core'
import { ConversationExpiredError, NotAParticipantError, TextTooLongError } from '../errors.ts'
import { MAX_ACTION_BYTES } from '../format/limits.ts'
import { addAttachment } from './add-attachment.ts'
import { addCall } from './add-call.ts'
import { addExtra } from './add-extra.ts'
import { addLabel } from './add-label.ts'
import { addMessage } from './add-message.ts'
import { addParticipant } from './add-participant.ts'
import { addReaction } from './add-reaction.ts'
import { addResponse } from './add-response.ts'
import type { Content } from './content.ts'
import type { ActionContext, ActionDefinition } from './definition.ts'
import { deleteAttachment } from './delete-attachment.ts'
import { deleteExtra } from './delete-extra.ts'
import { deleteLabel } from './delete-label.ts'
import { deleteMessage } from './delete-message.ts'
import { deleteParticipant } from './delete-participant.ts'
import { deleteReaction } from './delete-reaction.ts'
import type { Draft } from './draft.ts'
import { lockMessage } from './lock-message.ts'
import { lockSubject } from './lock-subject.ts'
import { modifyExpiry } from './modify-expiry.ts'
import { modifyExtra } from './modify-extra.ts'
import { modifyMessage } from './modify-message.ts'
import { modifyParticipant } from './modify-participant.ts'
import { modifySubject } from './modify-subject.ts'
import { playedMessage } from './played-message.ts'
import { publishConversation } from './publish-conversation.ts'
import { putRecord } from './put-record.ts'
import { putRecords } from './put-records.ts'
import { recoverMessage } from './recover-message.ts'
import { toldOf, type Refusal } from './refusal.ts'
import { releaseMessage } from './release-message.ts'
import { releaseSubject } from './release-subject.ts'
import { renewKeys } from './renew-keys.ts'
import { seenAction } from './seen-action.ts'
import { shareConversation } from './share-conversation.ts'

/** Every pair of verb and thing that there is. */
export const DEFINITIONS: readonly ActionDefinition[] = [
  publishConversation,
  addParticipant,
  modifyParticipant,
  deleteParticipant,
  modifySubject,
  lockSubject,
  releaseSubject,
  modifyExpiry,
  addMessage,
  modifyMessage,
  deleteMessage,
  recoverMessage,
  lockMessage,
  releaseMessage,
  addAttachment,
  deleteAttachment,
  addLabel,
  deleteLabel,
  addReaction,
  deleteReaction,
  addExtra,
  modifyExtra,
  deleteExtra,
  addResponse,
  seenAction,
  playedMessage,
  addCall,
  renewKeys,
  shareConversation,
  putRecord,
  putRecords
]

const WHAT = 'action’s content'

interface Kind { definition: ActionDefinition, codec: Codec<Content & { v: 1 }> }

const kinds = new Map<string, Kind>(DEFINITIONS.map(definition => [
  `${definition.verb} ${definition.thing}`,
  { definition, codec: createCodec(WHAT, definition.schema, { maxBytes: MAX_ACTION_BYTES }) }
]))

/** Returns what is known of a content's kind. */
export function definitionOf ({ verb, thing }: { verb: string, thing: string }): ActionDefinition {
  return kindOf(verb, thing).definition
}

/** Says why a content of a participant has no effect, or returns undefined where it has. */
export function refusalOf (draft: Draft, context: ActionContext, content: Content): Refusal | undefined {
  const definition = definitionOf(content)
  const { isForHome = false, inGuestLogs } = definition
  if (isForHome !== context.isHome) return { reason: context.isHome ? 'a home log holds nothing but records' : 'only a home log holds records' }
  if (context.isGuest === true ? inGuestLogs === undefined : inGuestLogs === 'only') return { reason: context.isGuest === true ? 'a guest log holds no such content' : 'only a guest log shares a conversation' }
  const expiresAt = draft.expiry.get()?.current.value ?? Number.POSITIVE_INFINITY
  if (context.time.wallMs > expiresAt) return { reason: 'the conversation had expired', error: () => new ConversationExpiredError(expiresAt) }
  return definition.forbids(draft, context, content)
}

/** Returns what the author of a content is told before it is written: that it would have no effect, or would lose. */
export function objectionTo (draft: Draft, context: ActionContext, content: Content): ParleyError | undefined {
  if (!context.members.has(context.personName)) return new NotAParticipantError(context.person)
  const refusal = refusalOf(draft, context, content)
  return refusal === undefined ? definitionOf(content).warns?.(draft, context, content) : toldOf(refusal)
}

/** @throws {TextTooLongError | InvalidBytesError | OversizedBytesError} */
export function encodeContent (content: Content): Uint8Array<ArrayBuffer> {
  try {
    return kindOf(content.verb, content.thing).codec.encode(stripped({ v: 1, ...content }))
  } catch (error) {
    throw tooLong(error as Error) ?? error
  }
}

/** @throws {InvalidBytesError | OversizedBytesError} also for a pair of verb and thing that there is not */
export function decodeContent (bytes: Uint8Array): Content {
  const value = decodeCanonical(WHAT, bytes, MAX_ACTION_BYTES) as { v?: unknown, verb?: unknown, thing?: unknown } | null
  const { definition } = kindOf(value?.verb, value?.thing)
  try {
    const { v: _version, ...content } = definition.schema.parse(value)
    return content
  } catch (cause) {
    throw new InvalidBytesError(WHAT, 'they do not match its schema', { cause })
  }
}

/** Tells whether bytes that are no content here may be one to a later version: another version, verb or thing. */
export function isOfLaterVersion (bytes: Uint8Array): boolean {
  try {
    const { v, verb, thing } = decodeCanonical(WHAT, bytes, MAX_ACTION_BYTES) as { v: unknown, verb: unknown, thing: unknown }
    if (!Number.isSafeInteger(v) || Number(v) < 1 || !isWord(verb) || !isWord(thing)) return false
    return v !== 1 || !kinds.has(`${String(verb)} ${String(thing)}`)
  } catch {
    return false
  }
}

function isWord (value: unknown): boolean {
  return typeof value === 'string' && /^[a-z][a-z-]{0,31}$/.test(value)
}

function kindOf (verb: unknown, thing: unknown): Kind {
  const kind = kinds.get(`${String(verb)} ${String(thing)}`)
  if (kind === undefined) throw new InvalidBytesError(WHAT, 'there is no such verb and thing')
  return kind
}

interface Issue { path?: PropertyKey[], params?: { maxChars?: number }, errors?: Issue[][] }

/** Returns the error of a text that is too long, where that is what a schema complained about. */
function tooLong (error: Error): TextTooLongError | undefined {
  const found = issuesOf((error.cause as { issues?: Issue[] } | undefined)?.issues).find(({ params }) => params?.maxChars !== undefined)
  return found?.params?.maxChars === undefined ? undefined : new TextTooLongError(found.path?.map(String).join('.') ?? '', found.params.maxChars, { cause: error })
}

/** Lists issues with those of the parts of unions. */
function issuesOf (issues: Issue[] = []): Issue[] {
  return issues.flatMap(issue => [issue, ...(issue.errors ?? []).flatMap(issuesOf).map(inner => ({ ...inner, path: [...issue.path ?? [], ...inner.path ?? []] }))])
}

/** Leaves out what is undefined, which DAG-CBOR cannot say. */
function stripped<T extends object> (value: T): T {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined).map(([name, field]: [string, unknown]) => [name, isPlain(field) ? stripped(field) : field])
  return Object.fromEntries(entries) as T
}

function isPlain (value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
