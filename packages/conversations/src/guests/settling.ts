import type { CancelTimer, CID, Clock, Emitter, Logger } from '@parley/core'
import { rolesOf, type Did, type People } from '@parley/identity'
import { carriesKeys } from '../format/carries-keys.ts'
import type { EpochKey } from '../read/keyring.ts'
import type { ConversationsEvents } from '../types.ts'
import type { GuestBook } from './guest-book.ts'
import type { GuestWork } from './guest-work.ts'

/** Sees to it that guests get the keys of what they may read, from whatever device of their host, and no others. */
export interface Settling {
  /** Looks after a conversation now. */
  settle(conversation: CID): Promise<void>
  /** Does now what waits. */
  flush(): Promise<void>
  stop(): Promise<void>
}

export interface SettlingComponents {
  clock: Clock
  logger: Logger
  people: People
  events: Emitter<ConversationsEvents>
  book: GuestBook
  work: GuestWork
  /** Whose device this is. */
  person: Did
  device: Did
  /** Keeps keys that our person was given. */
  keep(conversation: CID, keys: EpochKey[]): Promise<void>
}

/**
 * Follows what grows. What this device itself began it hands on at once; what
 * another did it leaves to the host's devices in a fixed order, each after one
 * `settleMs` more, so that in the usual case one of them writes.
 */
export function createSettling ({ clock, logger, people, events, book, work, person, device, keep }: SettlingComponents, { settleMs }: { settleMs: number }): Settling {
  const waiting = new Map<string, { conversation: CID, cancel: CancelTimer | undefined }>()
  const underWay = new Set<Promise<void>>()
  const taken = new Map<string, number>()
  const over = new AbortController()
  let last: Promise<void> = Promise.resolve()

  const take = async (conversation: CID, log: CID): Promise<void> => {
    const keys = await work.handed(conversation, log)
    const name = log.toString()
    if (taken.get(name) === keys.length) return
    await keep(conversation, keys)
    taken.set(name, keys.length)
  }
  const settleAll = async (conversation: CID): Promise<void> => {
    for (const log of await book.logsOf(conversation)) {
      if (log.host === person) await work.settle(conversation, log)
      else if (log.guests.includes(person) || log.former.includes(person)) await take(conversation, log.id)
    }
  }
  const settle = async (conversation: CID): Promise<void> => {
    last = last.then(async () => { await settleAll(conversation) }).catch((error: unknown) => {
      // What grows next, and the next start, looks again.
      logger.info('guests of a conversation could not be looked after', { conversation: conversation.toString(), reason: (error as Error).message })
    })
    await last
  }
  const track = (work: Promise<void>): void => {
    const done = work.finally(() => { underWay.delete(done) })
    underWay.add(done)
  }
  const begin = (name: string): void => {
    const entry = waiting.get(name)
    if (entry === undefined) return
    entry.cancel?.()
    waiting.delete(name)
    track(settle(entry.conversation))
  }
  const rank = async (): Promise<number> => {
    const list = await people.list(person)
    const writers = list?.devices.map(record => record.device).filter(did => rolesOf(list, did, clock.now()).includes('endpoint')).sort() ?? []
    return Math.max(0, writers.indexOf(device))
  }
  const later = (conversation: CID, isOurs: boolean): void => {
    const name = conversation.toString()
    if (over.signal.aborted) return
    const known = waiting.get(name)
    if (known !== undefined) {
      if (isOurs) begin(name)
      return
    }
    const entry: { conversation: CID, cancel: CancelTimer | undefined } = { conversation, cancel: undefined }
    waiting.set(name, entry)
    if (isOurs) begin(name)
    else {
      track(rank().then(place => {
        if (waiting.get(name) === entry) entry.cancel = clock.setTimer(() => { begin(name) }, settleMs * (1 + place))
      }))
    }
  }
  const { signal } = over
  events.on('guests', ({ conversation }) => { later(conversation, false) }, { signal })
  events.on('unlocked', ({ conversation }) => {
    for (const one of book.has(conversation) ? [conversation] : book.sharedBy(conversation)) later(one, false)
  }, { signal })
  events.on('action', ({ conversation, action: { bytes, changesAccess }, local }) => {
    if (book.has(conversation) && (carriesKeys(bytes) || changesAccess)) later(conversation, local)
  }, { signal })
  for (const conversation of book.all()) later(conversation, false)

  const flush = async (): Promise<void> => {
    while (waiting.size > 0 || underWay.size > 0) {
      for (const name of [...waiting.keys()]) begin(name)
      await Promise.allSettled(underWay)
    }
  }
  return {
    settle,
    flush,
    async stop () {
      over.abort()
      await flush()
    }
  }
}
