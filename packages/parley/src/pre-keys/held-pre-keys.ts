import { bytesSchema, countSchema, createCodec, type Change, type Store } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import { PRE_KEY_ID_BYTES, preKeySchema, type Did, type HeldPreKeys, type PreKey, type PreKeyBatch } from '@parley/identity'
import { equals, toString } from 'uint8arrays'
import * as z from 'zod/mini'
import { PRE_KEY_PROTOCOL } from './frames.ts'

/** Pre-keys of the devices of people that a proxy serves, on its disk. */
export interface HeldStore {
  /**
   * Keeps what is new in a batch, durably. Keys of another series go: nobody has their secrets.
   *
   * @throws {ProtocolViolationError} when it is more than a device may leave
   * @throws {StorageUnavailableError}
   */
  keep(batch: PreKeyBatch, now: number): Promise<void>
  /** Says what is held of a device; what is past its time does not count. */
  state(person: Did, device: Did, now: number): Promise<HeldPreKeys>
  /** Takes up to `count` one-time keys out, and returns them once they are off the disk itself; with the last-resort key, which stays. */
  hand(person: Did, device: Did, count: number, now: number): Promise<{ keys: PreKey[], lastResort: PreKey | null }>
}

/** One-time keys that a device may leave at once. */
const MAX_HELD = 200
const PREFIX = '/pre-keys/held/'

const aboutCodec = createCodec('record of held pre-keys', z.strictObject({
  v: z.literal(1), series: bytesSchema({ exactBytes: PRE_KEY_ID_BYTES }), number: countSchema(0xffff_ffff), lastResort: preKeySchema
}), { maxBytes: 1024 })
const keyCodec = createCodec('held pre-key', z.strictObject({ v: z.literal(1), key: preKeySchema }), { maxBytes: 512 })

/** Opens what is held under `/pre-keys/held/`. */
export function createHeldStore ({ store }: { store: Store }): HeldStore {
  // Two takers at once must not read one key before either has taken it out.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = async <T> (work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return await mine
  }
  const about = async (person: Did, device: Did): Promise<ReturnType<typeof aboutCodec.decode> | undefined> => {
    const bytes = await store.get(aboutPlace(person, device))
    return bytes === undefined ? undefined : aboutCodec.decode(bytes)
  }
  /** Returns what is live, at most `max`, and the changes that delete what is not. */
  const read = async (person: Did, device: Did, now: number, max = Number.POSITIVE_INFINITY): Promise<{ live: Array<{ place: string, key: PreKey }>, expired: Change[] }> => {
    const live: Array<{ place: string, key: PreKey }> = []
    const expired: Change[] = []
    for await (const { key: place, value } of store.entries(keyPlace(person, device))) {
      if (live.length >= max) break
      const { key } = keyCodec.decode(value)
      if (key.expires > now) live.push({ place, key })
      else expired.push({ type: 'delete', key: place })
    }
    return { live, expired }
  }
  const keep = async ({ person, device, series, number, keys, lastResort }: PreKeyBatch, now: number): Promise<void> => {
    const before = await about(person, device)
    const isSame = before !== undefined && equals(before.series, series)
    // What was handed out of it must not come back.
    if (isSame && number <= before.number) return
    const { live, expired } = await read(person, device, now)
    const dropped = isSame ? [] : live.map(({ place }): Change => ({ type: 'delete', key: place }))
    if (live.length - dropped.length + keys.length > MAX_HELD) throw new ProtocolViolationError(PRE_KEY_PROTOCOL, `it leaves more than ${MAX_HELD} keys`)
    await store.commit([
      ...expired,
      ...dropped,
      ...keys.map((key): Change => ({ type: 'put', key: keyPlace(person, device) + toString(key.id, 'hex'), value: keyCodec.encode({ v: 1, key }) })),
      { type: 'put', key: aboutPlace(person, device), value: aboutCodec.encode({ v: 1, series: new Uint8Array(series), number, lastResort }) }
    ], { durable: true })
  }
  return {
    keep: async (batch, now) => { await inTurn(async () => { await keep(batch, now) }) },
    state: async (person, device, now) => await inTurn(async () => {
      const known = await about(person, device)
      const { live } = await read(person, device, now)
      return known === undefined ? { series: null, number: 0, left: 0, lastResort: null } : { series: known.series, number: known.number, left: live.length, lastResort: known.lastResort.id }
    }),
    hand: async (person, device, count, now) => await inTurn(async () => {
      const known = await about(person, device)
      const { live, expired } = count === 0 ? { live: [], expired: [] } : await read(person, device, now, count)
      const changes = [...expired, ...live.map(({ place }): Change => ({ type: 'delete', key: place }))]
      // Gone for good before anybody has it: after a kill or a power cut it is handed to nobody else.
      if (changes.length > 0) await store.commit(changes, { durable: true })
      return { keys: live.map(({ key }) => key), lastResort: known !== undefined && known.lastResort.expires > now ? known.lastResort : null }
    })
  }
}

function aboutPlace (person: Did, device: Did): string {
  return `${PREFIX}${person}/${device}/about`
}

function keyPlace (person: Did, device: Did): string {
  return `${PREFIX}${person}/${device}/key/`
}
