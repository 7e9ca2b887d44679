import type { Change, CID, Clock, Emitter, Logger, RandomBytes } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { Content } from '../actions/index.ts'
import { KeylessHolderError } from '../errors.ts'
import type { Basics } from '../format/basics.ts'
import { keyName } from '../format/key-name.ts'
import type { LogIndex } from '../log/log-index.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { OpenLogs } from '../log/open-logs.ts'
import type { EpochKey } from '../read/keyring.ts'
import type { LogReader } from '../read/log-reader.ts'
import type { ConversationsEvents, StoredAction } from '../types.ts'
import type { Writer } from '../write/append-actions.ts'
import { HiddenReaderError } from './errors.ts'
import type { GuestBook } from './guest-book.ts'
import { createGuestWork } from './guest-work.ts'
import { createHide } from './hide.ts'
import { createSettling } from './settling.ts'
import type { HiddenParticipants } from './types.ts'

/** Hidden participants, as the other parts of this package see them. */
export interface Guests {
  /** Says that a log grew. */
  grew(log: { id: CID, index: LogIndex }): void
  /** Returns keys of a conversation that our person was given as a guest. */
  keysOf(conversation: CID): Promise<EpochKey[]>
  /** Returns who lets our person read a conversation, or did; undefined where nobody ever did. */
  hostsOf(conversation: CID): Promise<Did[] | undefined>
  /** @throws {HiddenReaderError} where our person only reads it */
  checkWriter(log: { id: CID, index: LogIndex }): Promise<void>
  of(conversation: CID): HiddenParticipants
  /** Hands on now what waits. */
  flush(): Promise<void>
  stop(): Promise<void>
}

export interface GuestsComponents {
  clock: Clock
  random: RandomBytes
  people: People
  logger: Logger
  logs: OpenLogs
  events: Emitter<ConversationsEvents> & { emit(type: 'guests', event: ConversationsEvents['guests']): void }
  book: GuestBook
  /** Absent at a keyless holder. */
  writer: Writer | undefined
  readerOf(log: OpenLog): LogReader
  append(log: OpenLog, contents: Content[], options: { durable?: boolean | undefined, changes?: Change[] }): Promise<StoredAction[]>
  beginLog(id: CID, basics: Basics): OpenLog
  begun(id: CID): void
  /** Keeps keys that our person was given, and reads again what they open. */
  keep(conversation: CID, keys: EpochKey[]): Promise<void>
}

/** Composes the parts that need a person, and those that need none. */
export function createGuests (components: GuestsComponents, { settleMs }: { settleMs: number }): Guests {
  const { events, book, writer } = components
  const work = createGuestWork(components)
  const settling = writer === undefined ? undefined : createSettling({ ...components, work, person: writer.person, device: writer.device.did }, { settleMs })
  return {
    grew ({ id, index }) {
      if (!index.isGuest) return
      for (const conversation of book.sharedBy(id)) events.emit('guests', { conversation })
    },
    async keysOf (conversation) {
      const keys: EpochKey[] = []
      for (const { id, host } of writer === undefined ? [] : await book.logsOf(conversation)) {
        if (host !== writer?.person) keys.push(...await work.handed(conversation, id))
      }
      return keys
    },
    async hostsOf (conversation) {
      const mine = writer === undefined ? [] : (await book.logsOf(conversation)).filter(({ guests, former }) => [...guests, ...former].includes(writer.person))
      return mine.length === 0 ? undefined : mine.filter(({ guests }) => writer !== undefined && guests.includes(writer.person)).map(({ host }) => host)
    },
    async checkWriter ({ id, index: { access } }) {
      if (writer === undefined || !book.has(id) || access.people(access.newest()).has(keyName(writer.personKey))) return
      if ((await book.pairsOf(id)).some(({ guest }) => guest === writer.person)) throw new HiddenReaderError(id)
    },
    of (conversation) {
      if (writer === undefined || settling === undefined) {
        const refuse = async (): Promise<never> => { throw new KeylessHolderError() }
        return { hide: refuse, unhide: refuse, hidden: refuse }
      }
      return createHide({ ...components, work, person: writer.person, settle: settling.settle }, conversation)
    },
    async flush () { await settling?.flush() },
    async stop () { await settling?.stop() }
  }
}
