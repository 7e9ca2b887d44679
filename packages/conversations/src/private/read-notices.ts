import { createCodec, raceSignal, type AbortOptions, type CID, type CancelTimer, type Clock, type Logger } from '@parley/core'
import type { Did } from '@parley/identity'
import * as z from 'zod/mini'
import type { Home } from '../home/home.ts'
import type { AppendOptions, Conversations, DecodedAction } from '../types.ts'
import { comparePoints, pointOf, type LogPoint } from './log-point.ts'
import { MARKS_COLLECTION } from './mark-records.ts'
import type { PrivateState } from './private-state.ts'

/** Marks conversations as read and tells the others of it, where the person wants that. */
export interface ReadNotices {
  /**
   * Marks a conversation as read up to `point`, or to its newest action. When
   * the setting allows it the others are told a moment later, once for all
   * that was read until then.
   *
   * @throws {UnknownConversationError} and the errors of `Home.put`
   */
  markRead(conversation: CID, point?: LogPoint, options?: AppendOptions): Promise<void>
  /** Tells whether others are told where a conversation has no setting of its own. */
  isSentByDefault(): Promise<boolean>
  /** Sets what counts where a conversation has no setting (its mark `notices`) of its own. */
  sendByDefault(send: boolean, options?: AppendOptions): Promise<void>
  /** Sends what waits. */
  flush(options?: AbortOptions): Promise<void>
  /** Sends what waits and refuses nothing, but waits no longer. */
  stop(): Promise<void>
}

export interface ReadNoticesComponents {
  conversations: Pick<Conversations, 'open'>
  home: Home
  privateState: PrivateState
  /** Who reads. */
  person: Did
  clock: Clock
  logger: Logger
}

/** Beside those of conversations, whose keys begin with a CID. */
const DEFAULT_KEY = 'default/notices'
const defaultCodec = createCodec<{ v: 1, send: boolean }>('default of read notices', z.strictObject({ v: z.literal(1), send: z.boolean() }), { maxBytes: 64 })

/** Creates it; `settleMs` is how long a notice waits for more that is read. */
export function createReadNotices ({ conversations, home, privateState, person, clock, logger: parent }: ReadNoticesComponents, { settleMs = 2000 }: {
  /** @default 2000 */
  settleMs?: number | undefined
} = {}): ReadNotices {
  const logger = parent.child('read-notices')
  const waiting = new Map<string, { id: CID, point: LogPoint }>()
  let timer: CancelTimer | undefined
  let sending: Promise<void> = Promise.resolve()
  let isStopped = false

  const isSentByDefault = async (): Promise<boolean> => {
    const value = await home.get(MARKS_COLLECTION, DEFAULT_KEY)
    return value !== undefined && defaultCodec.decode(value).send
  }
  const isSent = async (id: CID): Promise<boolean> => (await privateState.get(id)).notices ?? await isSentByDefault()
  const send = async (id: CID, point: LogPoint): Promise<void> => {
    if (!await isSent(id)) return
    const conversation = await conversations.open(id)
    const actions: DecodedAction[] = []
    for await (const action of conversation.actions()) actions.push(action)
    const news = toTell(actions, person, point)
    if (news === undefined) return
    await conversation.append({ verb: 'seen', thing: 'action', action: news.cid })
  }
  const flush = async (): Promise<void> => {
    timer?.()
    timer = undefined
    sending = sending.then(async () => {
      for (const [name, { id, point }] of waiting) {
        waiting.delete(name)
        try {
          await send(id, point)
        } catch (error) {
          // The next thing that is read tells of this too.
          logger.warn('a read notice could not be written', { conversation: name, reason: (error as Error).message })
        }
      }
    })
    await sending
  }
  return {
    isSentByDefault,
    flush: async ({ signal } = {}) => { await raceSignal(flush(), signal) },
    async sendByDefault (send, options) {
      await home.put(MARKS_COLLECTION, DEFAULT_KEY, defaultCodec.encode({ v: 1, send }), options)
    },
    async markRead (id, point, options) {
      const upTo = point ?? await newestOf(conversations, id)
      if (upTo === undefined) return
      await privateState.set(id, { readTo: upTo }, options)
      const name = id.toString()
      const before = waiting.get(name)
      if (before === undefined || comparePoints(upTo, before.point) > 0) waiting.set(name, { id, point: upTo })
      if (isStopped) await flush()
      else timer ??= clock.setTimer(() => { void flush() }, settleMs)
    },
    async stop () {
      isStopped = true
      await flush()
    }
  }
}

async function newestOf (conversations: Pick<Conversations, 'open'>, id: CID): Promise<LogPoint | undefined> {
  let newest: DecodedAction | undefined
  for await (const action of (await conversations.open(id)).actions()) newest = action
  return newest === undefined ? undefined : pointOf(newest)
}

/** Tells a notice, which is answered by none, from news. */
export function isNotice (content: { verb: string } | undefined): boolean {
  return content !== undefined && (content.verb === 'seen' || content.verb === 'played')
}

/**
 * Returns the action to name in a notice: the newest up to `point`, where
 * somebody else did anything but send notices since the person's last one.
 * Actions come in the common order.
 */
export function toTell (actions: readonly DecodedAction[], person: Did, point: LogPoint): DecodedAction | undefined {
  const told = new Map<string, number>()
  let seen = -1
  let newest: number | undefined
  for (const [place, action] of actions.entries()) {
    told.set(action.cid.toString(), place)
    const { content } = action
    if (action.person === person && action.ignored === undefined && content?.verb === 'seen') seen = Math.max(seen, told.get(content.action.toString()) ?? -1)
    if (action.person !== person && content !== undefined && !isNotice(content) && comparePoints(pointOf(action), point) <= 0) newest = place
  }
  return newest === undefined || newest <= seen ? undefined : actions[newest]
}
