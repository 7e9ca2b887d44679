import { InvalidBytesError, createCodec, decodeCanonical, type Codec } from '@parley/core'
import { MAX_ACTION_BYTES } from '../format/limits.ts'
import { addAttachment } from './add-attachment.ts'
import { addMessage } from './add-message.ts'
import { addParticipant } from './add-participant.ts'
import type { Content } from './content.ts'
import type { ActionContext, ActionDefinition, Draft } from './definition.ts'
import { deleteParticipant } from './delete-participant.ts'
import { playedMessage } from './played-message.ts'
import { publishConversation } from './publish-conversation.ts'
import { putRecord } from './put-record.ts'
import { putRecords } from './put-records.ts'

/** Every pair of verb and thing that there is. */
export const DEFINITIONS: readonly ActionDefinition[] = [
  publishConversation,
  addParticipant,
  deleteParticipant,
  addMessage,
  addAttachment,
  playedMessage,
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
export function refusalOf (draft: Draft, context: ActionContext, content: Content): string | undefined {
  const definition = definitionOf(content)
  const { isForHome = false } = definition
  if (isForHome !== context.isHome) return context.isHome ? 'a home log holds nothing but records' : 'only a home log holds records'
  return definition.forbids(draft, context, content)
}

/** @throws {InvalidBytesError | OversizedBytesError} */
export function encodeContent (content: Content): Uint8Array<ArrayBuffer> {
  return kindOf(content.verb, content.thing).codec.encode(stripped({ v: 1, ...content }))
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

function kindOf (verb: unknown, thing: unknown): Kind {
  const kind = kinds.get(`${String(verb)} ${String(thing)}`)
  if (kind === undefined) throw new InvalidBytesError(WHAT, 'there is no such verb and thing')
  return kind
}

/** Leaves out what is undefined, which DAG-CBOR cannot say. */
function stripped (value: Content & { v: 1 }): Content & { v: 1 } {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries) as unknown as Content & { v: 1 }
}
