import type { Did } from '@parley/identity'
import type { AddMessage, Content } from '../actions/index.ts'
import { hex } from '../format/hex.ts'
import { comparePoints, type LogPoint } from '../private/log-point.ts'
import { isNotice } from '../private/read-notices.ts'
import { hasSeenAll, withAction } from './access-knowledge.ts'
import { isRead } from './summarize.ts'
import { snippetOf, type Summary } from './summary.ts'

/** An action that a log gained, in a causal order. */
export interface Gained {
  point: LogPoint
  person: Did
  parents: readonly Uint8Array[]
  /** Whether it says in clear that it changes who may what. */
  changesAccess: boolean
  /** Whether it hands on keys, which may open what came before. */
  carriesKeys: boolean
  epoch: number
  content: Content | undefined
  /** Whether there is no content though a key opens it. */
  isMalformed: boolean
}

/** `unread` is set when the action is a message that is not read. */
export interface Stepped { summary: Summary, unread: LogPoint | undefined }

/** Have no effect on what a list shows. */
const INERT: ReadonlySet<string> = new Set([
  'seen action', 'played message', 'add reaction', 'delete reaction', 'add response', 'lock message', 'lock subject', 'release message', 'release subject'
])

/**
 * Takes one action into a summary, by itself. Returns undefined where the log
 * has to be read: where what may have an effect was written by somebody who
 * had not seen everything about who may what, and for what is rare, as edits.
 */
export function step (summary: Summary, gained: Gained, person: Did): Stepped | undefined {
  const { content, parents, changesAccess } = gained
  if (changesAccess) return undefined
  const next = { ...summary, ...passed(summary, gained, person) }
  if (content === undefined) {
    // Once the log was read and this epoch's key was not in it, more of the same changes nothing until keys come.
    const isLocked = summary.lockedEpoch === gained.epoch && !gained.carriesKeys
    return isLocked || gained.isMalformed ? { summary: { ...next, unreadable: summary.unreadable + 1 }, unread: undefined } : undefined
  }
  if (content.verb === 'add' && content.thing === 'message') return hasSeenAll(summary.access, parents) ? addMessage(next, gained, content, person) : undefined
  if (content.verb === 'add' && content.thing === 'attachment') return addAttachment(next, gained.person, content)
  return INERT.has(`${content.verb} ${content.thing}`) ? { summary: next, unread: undefined } : undefined
}

/** What every action changes. */
function passed ({ rows, access, newest, newestOther }: Summary, { point, parents, content, ...gained }: Gained, person: Did): Pick<Summary, 'rows' | 'access' | 'newest' | 'newestOther'> {
  return {
    rows: rows + 1,
    access: withAction(access, { hash: point.action.multihash.digest, parents, isChange: false }),
    newest: later(newest, point),
    newestOther: gained.person === person || isNotice(content) ? newestOther : later(newestOther, point)
  }
}

function addMessage (next: Summary, { point, person: author }: Gained, { message, body, attachment, parent }: AddMessage, person: Did): Stepped | undefined {
  const permission = next.participants.find(({ did }) => did === author)?.permission
  // A comment needs the message it is about.
  if (permission === 'comment' && parent !== undefined) return undefined
  const isExpired = next.expiresAt !== null && point.wallMs > next.expiresAt
  if (isExpired || (permission !== 'write' && permission !== 'full')) return { summary: next, unread: undefined }
  const isUnread = author !== person && !isRead(point, next.readTo)
  const stirred = { ...next, activity: Math.max(next.activity, point.wallMs), unread: next.unread + Number(isUnread) }
  const isShown = next.previewAt === undefined || comparePoints(point, next.previewAt) > 0
  const preview = { message: hex(message), author, at: point.wallMs, text: snippetOf(body), ...(attachment === undefined ? {} : { voice: { state: 'recording' as const } }) }
  return { summary: isShown ? { ...stirred, previewAt: point, preview } : stirred, unread: isUnread ? point : undefined }
}

function addAttachment (next: Summary, author: Did, content: Content & { verb: 'add', thing: 'attachment' }): Stepped | undefined {
  const { preview } = next
  if (preview?.message !== hex(content.message)) return { summary: next, unread: undefined }
  if (!('durationMs' in content)) return undefined
  if (preview.author !== author || preview.voice?.state !== 'recording') return { summary: next, unread: undefined }
  const voice = { state: content.cutOff ? 'cut-off' as const : 'complete' as const, durationMs: content.durationMs }
  return { summary: { ...next, preview: { ...preview, voice } }, unread: undefined }
}

function later (a: LogPoint | undefined, b: LogPoint): LogPoint {
  return a === undefined || comparePoints(b, a) > 0 ? b : a
}
