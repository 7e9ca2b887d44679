import { bytesSchema, countSchema, createCodec, type Change, type Clock, type Store } from '@parley/core'
import { PRE_KEY_ID_BYTES, didFromPublicKey, publicKeyFromDid, type Did, type PreKey } from '@parley/identity'
import { toString } from 'uint8arrays'
import * as z from 'zod/mini'

/** Pre-keys of others that were fetched ahead, so that writing to somebody waits for nobody. */
export interface TakenPreKeys {
  /** Returns how many one-time keys of a device are there. */
  count(device: Did): number
  /** Keeps verified keys of a device of `person`; a last-resort key takes the place of the one before. */
  add(person: Did, device: Did, keys: { oneTime: PreKey[], lastResort: PreKey | undefined }): Promise<void>
  /** Returns a key for each device that has one. One-time keys are off the disk itself before they are returned: what is sealed to one of them twice may never be opened. */
  take(devices: Did[]): Promise<Map<Did, { id: Uint8Array, key: Uint8Array, person: Did }>>
}

/** How long a key is used once it was fetched: its secret is kept four weeks longer than others may seal to it, and what is sealed has to arrive. */
const KEPT_MS = 21 * 24 * 3600 * 1000
const PREFIX = '/pre-keys/taken/'

const codec = createCodec('record of a taken pre-key', z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: 32 }),
  id: bytesSchema({ exactBytes: PRE_KEY_ID_BYTES }),
  key: bytesSchema({ exactBytes: 32 }),
  until: countSchema(),
  isLastResort: z.boolean()
}), { maxBytes: 512 })

type Taken = ReturnType<typeof codec.decode>

/** Opens the keys under `/pre-keys/taken/`. */
export async function openTakenPreKeys ({ store, clock }: { store: Store, clock: Clock }): Promise<TakenPreKeys> {
  const devices = new Map<Did, Map<string, Taken>>()
  for await (const { key: place, value } of store.entries(PREFIX)) {
    const taken = codec.decode(value)
    const [device = ''] = place.slice(PREFIX.length).split('/')
    ofDevice(device).set(place, taken)
  }
  function ofDevice (device: Did): Map<string, Taken> {
    const known = devices.get(device) ?? new Map<string, Taken>()
    devices.set(device, known)
    return known
  }
  /** Returns those that others may still seal to, the first to end first. */
  const liveOf = (device: Did, isLastResort: boolean): Array<[string, Taken]> => [...devices.get(device) ?? []]
    .filter(([, taken]) => taken.isLastResort === isLastResort && taken.until > clock.now())
    .sort(([, a], [, b]) => a.until - b.until)

  return {
    count: device => liveOf(device, false).length,
    async add (person, device, { oneTime, lastResort }) {
      const known = ofDevice(device)
      const now = Math.floor(clock.now())
      const gone = [...known].filter(([, taken]) => taken.until <= now || (taken.isLastResort && lastResort !== undefined)).map(([place]) => place)
      const added = [...oneTime.map(key => ({ key, isLastResort: false })), ...lastResort === undefined ? [] : [{ key: lastResort, isLastResort: true }]]
      const fresh = added.map(({ key: { id, key, expires }, isLastResort }): [string, Taken] => [
        `${PREFIX}${device}/${toString(id, 'hex')}`,
        { v: 1, person: publicKeyFromDid(person).slice(), id: id.slice(), key: key.slice(), until: Math.min(now + KEPT_MS, expires), isLastResort }
      ])
      await store.commit([
        ...gone.map((key): Change => ({ type: 'delete', key })),
        ...fresh.map(([key, taken]): Change => ({ type: 'put', key, value: codec.encode(taken) }))
      ])
      for (const place of gone) known.delete(place)
      for (const [place, taken] of fresh) known.set(place, taken)
    },
    async take (wanted) {
      const found = new Map<Did, { id: Uint8Array, key: Uint8Array, person: Did }>()
      const changes: Change[] = []
      for (const device of wanted) {
        const [first] = [...liveOf(device, false), ...liveOf(device, true)]
        if (first === undefined) continue
        const [place, { id, key, person, isLastResort }] = first
        found.set(device, { id, key, person: didFromPublicKey(person) })
        if (isLastResort) continue
        // Out of the memory at once, so that nobody else is given it while the disk is written.
        devices.get(device)?.delete(place)
        changes.push({ type: 'delete', key: place })
      }
      if (changes.length > 0) await store.commit(changes, { durable: true })
      return found
    }
  }
}
