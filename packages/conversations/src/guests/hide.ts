import { InvalidArgumentError, type Change, type CID, type Clock, type RandomBytes } from '@parley/core'
import { publicKeyFromDid, type Did, type People } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Content } from '../actions/index.ts'
import { NoSuchItemError, NotAParticipantError, NotPermittedError, UnknownPersonError } from '../errors.ts'
import { encodeBasics, guestBasics, type Basics } from '../format/basics.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { OpenLogs } from '../log/open-logs.ts'
import type { StoredAction } from '../types.ts'
import { HiddenReaderError } from './errors.ts'
import type { GuestBook } from './guest-book.ts'
import { removalOf, type GuestWork, type SharedFacts } from './guest-work.ts'
import { sharesOf } from './handed-keys.ts'
import type { GuestLog, HiddenParticipants } from './types.ts'

export interface HideComponents {
  clock: Clock
  random: RandomBytes
  people: People
  logs: OpenLogs
  book: GuestBook
  work: GuestWork
  person: Did
  beginLog(id: CID, basics: Basics): OpenLog
  append(log: OpenLog, contents: Content[], options: { durable?: boolean | undefined, changes?: Change[] }): Promise<StoredAction[]>
  /** Told of a guest log that is new. */
  begun(id: CID): void
  settle(conversation: CID): Promise<void>
}

/** Offers to the person of this device what they do about those who read without being in. */
export function createHide ({ clock, random, people, logs, book, work, person, beginLog, append, begun, settle }: HideComponents, conversation: CID): HiddenParticipants {
  const own = async (): Promise<GuestLog[]> => (await book.logsOf(conversation)).filter(({ host }) => host === person)
  const checked = async (guest: Did): Promise<SharedFacts> => {
    const facts = await work.facts(conversation)
    if (!facts.isIn(person)) throw (await book.pairsOf(conversation)).some(pair => pair.guest === person) ? new HiddenReaderError(conversation) : new NotAParticipantError(person)
    if (!facts.mayWrite(person)) throw new NotPermittedError('who lets somebody read has to have permission to write')
    if (guest === person || facts.isIn(guest)) throw new InvalidArgumentError(`${guest} is in the conversation, and reads it already`)
    if (await people.list(guest) === undefined) throw new UnknownPersonError(guest)
    return facts
  }
  return {
    async hide (guest, { history = 'all', durable, signal } = {}) {
      let facts = await checked(guest)
      if (history === 'from-now') {
        await work.renew(conversation, facts.newest, { durable })
        facts = await work.facts(conversation)
      }
      const since = history === 'from-now' ? facts.newest : Math.min(...facts.keys.map(({ epoch }) => epoch))
      const known = (await own()).find(({ guests, former }) => guests.includes(guest) || former.includes(guest))
      const addition: Content = { verb: 'add', thing: 'participant', person: publicKeyFromDid(guest), permission: 'read', history: 'all' }
      const shares = sharesOf(conversation, since, facts.keys.filter(({ epoch }) => epoch >= since))
      if (known?.guests.includes(guest) === true) {
        const handed = await work.handed(conversation, known.id)
        if (shares.every(({ keys }) => keys.every(({ key }) => handed.some(one => equals(one.key, key))))) return
      }
      const basics = guestBasics(publicKeyFromDid(person), Math.floor(clock.now()), random(16))
      const { bytes, cid } = encodeBasics(basics)
      const id = known?.id ?? cid
      await logs.run(id, async (log, begin) => {
        const open = log ?? beginLog(id, basics)
        await append(open, known?.guests.includes(guest) === true ? shares : [addition, ...shares], { durable, changes: log === undefined ? [{ type: 'block', cid, bytes }] : [] })
        begin(open)
      }, { signal })
      if (known === undefined) begun(id)
    },
    async unhide (guest, { durable, signal } = {}) {
      const all = (await own()).filter(({ guests }) => guests.includes(guest))
      if (all.length === 0) throw new NoSuchItemError('hidden participant', guest)
      for (const { id } of all) await logs.run(id, async log => { if (log !== undefined) await append(log, [removalOf(guest)], { durable }) }, { signal })
      await settle(conversation)
    },
    async hidden () {
      const { isIn } = await work.facts(conversation)
      return [...new Set((await own()).flatMap(({ guests }) => guests))].filter(guest => !isIn(guest)).sort()
    }
  }
}
