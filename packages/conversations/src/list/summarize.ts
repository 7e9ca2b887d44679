import type { Did } from '@parley/identity'
import { hex } from '../format/hex.ts'
import { parseAction } from '../format/parse-action.ts'
import { comparePoints, pointOf, type LogPoint } from '../private/log-point.ts'
import { isNotice } from '../private/read-notices.ts'
import type { ConversationState, DecodedAction, Message } from '../types.ts'
import { withAction, type AccessKnowledge } from './access-knowledge.ts'
import { parentsOf } from './parents-of.ts'
import { snippetOf, type Preview, type Summary } from './summary.ts'

/** What makes a conversation stir, and so come to the top. */
const STIRRING: ReadonlySet<string> = new Set(['publish conversation', 'add participant', 'modify subject', 'add message', 'add extra', 'add call'])

/**
 * Makes a summary of a whole conversation: what `step` keeps up to date, and
 * goes back to where an action cannot be judged by itself. `actions` are all
 * of the log, in the common order, at the moment of `state`.
 */
export function summarize (state: ConversationState, actions: readonly DecodedAction[], { person, readTo }: { person: Did, readTo: LogPoint | undefined }): { summary: Summary, unread: LogPoint[] } {
  const added = new Map<string, LogPoint>()
  let access: AccessKnowledge = []
  let newestOther: LogPoint | undefined
  let activity = state.created
  let lockedEpoch: number | undefined
  for (const action of actions) {
    const { content, cid, bytes, ignored } = action
    const point = pointOf(action)
    const parsed = parseAction(bytes)
    access = withAction(access, { hash: cid.multihash.digest, parents: parentsOf(parsed), isChange: parsed.access !== undefined || access.length === 0 })
    if (action.person !== person && !isNotice(content)) newestOther = point
    if (action.unreadable === 'no-key') lockedEpoch = Math.max(lockedEpoch ?? 0, action.epoch)
    if (content === undefined || ignored !== undefined) continue
    if (STIRRING.has(`${content.verb} ${content.thing}`)) activity = Math.max(activity, point.wallMs)
    if (content.verb === 'add' && content.thing === 'message') added.set(nameOf(hex(content.message), action.person), point)
  }
  const shown = newestMessage(state.messages, added)
  const unread = state.messages.flatMap(({ id, author, deleted }) => {
    const point = added.get(nameOf(id, author))
    return author === person || deleted !== undefined || point === undefined || isRead(point, readTo) ? [] : [point]
  })
  const last = actions.at(-1)
  const summary: Summary = {
    rows: actions.length,
    access,
    subject: state.subject,
    creator: state.creator,
    created: state.created,
    participants: state.participants.map(({ did, name, permission }) => ({ did, ...(name === undefined ? {} : { name }), permission })),
    status: state.status,
    expiresAt: state.expiresAt ?? null,
    labels: [...state.labels],
    activity,
    newest: last === undefined ? undefined : pointOf(last),
    newestOther,
    previewAt: shown?.point,
    preview: shown === undefined ? undefined : previewOf(shown.message),
    unread: unread.length,
    readTo,
    unreadable: state.unreadable,
    lockedEpoch
  }
  return { summary, unread }
}

/** Tells whether somebody who read up to `readTo` has read what stands at `point`. */
export function isRead (point: LogPoint, readTo: LogPoint | undefined): boolean {
  return readTo !== undefined && comparePoints(point, readTo) <= 0
}

/** Two people may give messages one id; their states' ids differ then. */
function nameOf (id: string, author: Did): string {
  return `${id.slice(0, 32)} ${author}`
}

function newestMessage (messages: readonly Message[], added: ReadonlyMap<string, LogPoint>): { message: Message, point: LogPoint } | undefined {
  let newest: { message: Message, point: LogPoint } | undefined
  for (const message of messages) {
    const point = message.deleted === undefined ? added.get(nameOf(message.id, message.author)) : undefined
    if (point !== undefined && (newest === undefined || comparePoints(point, newest.point) > 0)) newest = { message, point }
  }
  return newest
}

function previewOf ({ id, author, time, body, voice, state, attachments }: Message): Preview {
  const [file] = attachments
  return {
    message: id,
    author,
    at: time.wallMs,
    text: snippetOf(body),
    ...(voice === undefined ? {} : { voice: { state, ...(voice.durationMs === undefined ? {} : { durationMs: voice.durationMs }) } }),
    ...(file === undefined ? {} : { file: file.name })
  }
}
