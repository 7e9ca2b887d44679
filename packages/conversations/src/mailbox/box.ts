import type { Change, Clock, CID, Logger, RandomBytes, Store } from '@parley/core'
import type { Did } from '@parley/identity'
import { equals } from 'uint8arrays'
import { releasedUpTo } from './drop-rule.ts'
import { MailboxFullError } from './errors.ts'
import type { AckReason, MailboxItem } from './frames.ts'
import { MAX_PAGE_BYTES, MAX_PAGE_ITEMS } from './limits.ts'
import { boxCodec, boxKey, cursorCodec, cursorKey, cursorsPrefix, itemCodec, itemKey, itemsPrefix } from './records.ts'
import { createReservations } from './reservations.ts'

/** What is to be put into a mailbox. */
export interface NewItem {
  /** What it announces, for example `message`: lower-case letters, digits, dots and hyphens, at most 64. */
  kind: string
  conversation?: CID | undefined
  /** At most 64 KiB; sealed by whoever wrote it. */
  payload: Uint8Array
  /** Whose doing it is: each sender has a share of the mailbox. */
  from?: Did | undefined
}

export interface BoxInit {
  person: Did
  maxItems: number
  maxBytes: number
  maxItemsPerSender: number
  retentionMs: number
  /** The devices for which items are held. */
  awaited: () => Promise<Did[]>
}

export interface Held {
  items: number
  /** How many of each kind. */
  kinds: Record<string, number>
  sizeBytes: number
  /** Wall milliseconds of the oldest item; absent when there is none. */
  oldestAt?: number
}

/** The mailbox of one person. */
export interface Box {
  readonly id: Uint8Array<ArrayBuffer>
  /** Returns the changes that put an item into the mailbox once they are committed. */
  reserve(item: NewItem): Change[]
  /** Looks for items that were reserved; tells whether any came. */
  look(): Promise<boolean>
  /** Whether a reserved item has not been seen in the store yet. */
  readonly isExpecting: boolean
  /** Returns the next items after `after`, at most `room`. */
  page(after: number, room: number): Promise<MailboxItem[]>
  /** Returns where a device stands that says it is at `after` of mailbox `box`. */
  place(box: Uint8Array | null, after: number): number
  /** Remembers what a device let go of; returns how many items nobody needs any more. */
  acknowledge(device: Did, upTo: number, reason: AckReason): Promise<number>
  /** Drops what nobody needs or whose retention ended; returns how many. */
  sweep(): Promise<number>
  held(): Held
}

interface Entry { seq: number, sizeBytes: number, at: number, kind: string, from: string | undefined }

/** Reads the mailbox of one person from the store. */
export async function openBox (components: { store: Store, clock: Clock, random: RandomBytes, logger: Logger }, init: BoxInit): Promise<Box> {
  const { store, clock, logger } = components
  const { person } = init
  const record = await store.get(boxKey(person))
  const known = record === undefined ? undefined : boxCodec.decode(record)
  const id = known?.id ?? new Uint8Array(components.random(16))
  const entries: Entry[] = []
  for await (const { key, value } of store.entries(itemsPrefix(person))) {
    entries.push({ seq: Number(key.slice(itemsPrefix(person).length)), ...entryOf(value) })
  }
  const cursors = new Map<Did, number>()
  for await (const { key, value } of store.entries(cursorsPrefix(person))) {
    cursors.set(key.slice(cursorsPrefix(person).length), cursorCodec.decode(value).upTo)
  }
  const reservations = createReservations()
  // The greatest number that any device has seen: nothing may appear below it.
  let handedUpTo = Math.max(0, ...cursors.values())
  let next = Math.max(known?.next ?? 1, (entries.at(-1)?.seq ?? 0) + 1, handedUpTo + 1)
  let looking: Promise<boolean> | undefined

  const sizeBytes = (): number => entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  const boxChange = (): Change => ({ type: 'put', key: boxKey(person), value: boxCodec.encode({ v: 1, id, next }) })
  const insert = (entry: Entry): void => {
    const index = entries.findLastIndex(other => other.seq < entry.seq)
    entries.splice(index + 1, 0, entry)
  }
  const find = async (seq: number): Promise<boolean> => {
    const value = await store.get(itemKey(person, seq))
    if (value === undefined) return false
    let place = seq
    if (seq <= handedUpTo) {
      // It was committed so late that devices are past it: it is the newest now.
      place = next++
      await store.commit([{ type: 'delete', key: itemKey(person, seq) }, { type: 'put', key: itemKey(person, place), value }, boxChange()], { durable: true })
      logger.info('a late item was moved to the end', { person, from: seq, to: place })
    }
    reservations.delete(seq)
    insert({ seq: place, ...entryOf(value) })
    return true
  }
  const lookNow = async (): Promise<boolean> => {
    let found = false
    for (const seq of reservations.open(clock.monotonicNow())) found = await find(seq) || found
    return found
  }
  const forget = (dropped: Entry[]): void => {
    const gone = new Set(dropped)
    entries.splice(0, entries.length, ...entries.filter(entry => !gone.has(entry)))
  }
  const dropsNow = async (): Promise<Entry[]> => {
    const released = releasedUpTo(await init.awaited(), cursors)
    const oldest = clock.now() - init.retentionMs
    return entries.filter(entry => entry.seq <= released || entry.at < oldest)
  }
  const deletions = (dropped: Entry[]): Change[] => dropped.map(({ seq }) => ({ type: 'delete', key: itemKey(person, seq) }))

  return {
    id,
    reserve ({ kind, conversation, payload, from }) {
      const now = clock.now()
      const value = itemCodec.encode({ v: 1, kind, conversation: conversation ?? null, payload: new Uint8Array(payload), at: Math.floor(now), ...from === undefined ? {} : { from } })
      const held = { items: entries.length + reservations.count, sizeBytes: sizeBytes() + reservations.sizeBytes }
      if (held.items >= init.maxItems || held.sizeBytes + value.byteLength > init.maxBytes) throw new MailboxFullError(person, held)
      if (from !== undefined && entries.filter(entry => entry.from === from).length + reservations.countOf(from) >= init.maxItemsPerSender) throw new MailboxFullError(person, held, from)
      const seq = next++
      reservations.add(seq, { sizeBytes: value.byteLength, from, since: clock.monotonicNow() })
      return [{ type: 'put', key: itemKey(person, seq), value }, boxChange()]
    },
    async look () {
      // One at a time, or a late item would be moved twice.
      looking ??= lookNow().finally(() => { looking = undefined })
      return await looking
    },
    get isExpecting () { return reservations.count > 0 },
    async page (after, room) {
      const barrier = reservations.barrier(clock.monotonicNow())
      const items: MailboxItem[] = []
      let pageBytes = 0
      for (const { seq } of entries.filter(entry => entry.seq > after && entry.seq < barrier)) {
        if (items.length === Math.min(room, MAX_PAGE_ITEMS)) break
        const value = await store.get(itemKey(person, seq))
        // Dropped since, by another device's acknowledgement.
        if (value === undefined) continue
        const { kind, conversation, payload, at } = itemCodec.decode(value)
        pageBytes += payload.byteLength
        if (pageBytes > MAX_PAGE_BYTES) break
        items.push({ seq, kind, conversation, payload, at })
      }
      handedUpTo = Math.max(handedUpTo, items.at(-1)?.seq ?? 0)
      return items
    },
    place (box, after) {
      if (box === null || !equals(box, id)) return 0
      const place = Math.min(after, next - 1)
      handedUpTo = Math.max(handedUpTo, place)
      return place
    },
    async acknowledge (device, upTo, reason) {
      if (upTo <= (cursors.get(device) ?? 0)) return 0
      // At once, so that two devices that acknowledge together see each other.
      cursors.set(device, upTo)
      const dropped = await dropsNow()
      await store.commit([{ type: 'put', key: cursorKey(person, device), value: cursorCodec.encode({ v: 1, upTo, reason, at: Math.floor(clock.now()) }) }, ...deletions(dropped)])
      forget(dropped)
      return dropped.length
    },
    async sweep () {
      const dropped = await dropsNow()
      if (dropped.length > 0) await store.commit(deletions(dropped))
      forget(dropped)
      return dropped.length
    },
    held () {
      const oldest = entries[0]
      const kinds: Record<string, number> = {}
      for (const { kind } of entries) kinds[kind] = (kinds[kind] ?? 0) + 1
      return { items: entries.length, kinds, sizeBytes: sizeBytes(), ...oldest === undefined ? {} : { oldestAt: oldest.at } }
    }
  }
}

function entryOf (value: Uint8Array): Omit<Entry, 'seq'> {
  const { at, kind, from } = itemCodec.decode(value)
  return { sizeBytes: value.byteLength, at, kind, from }
}
