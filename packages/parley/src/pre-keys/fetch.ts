import type { AbortOptions, Clock } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import { didFromPublicKey, publicKeyFromDid, verifyPreKey, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { compare } from 'uint8arrays'
import type { DeviceRoute } from '../routes.ts'
import { MAX_PRE_KEY_FRAME_BYTES, PRE_KEY_PROTOCOL, type FrameOf } from './frames.ts'
import { mayHoldKeys } from './peer-of.ts'
import { nextFrame, sendFrame } from './streams.ts'
import type { TakenPreKeys } from './taken-pre-keys.ts'

/** One-time keys of a device of somebody else's that are kept ready. */
export const KEPT_READY = 3

export interface FetchComponents {
  network: Network
  people: People
  clock: Clock
  taken: TakenPreKeys
}

/**
 * Fills up what is kept ready of the devices of `person` from one proxy of
 * theirs, and returns how many one-time keys came. What a proxy gives is kept
 * only when all of it was signed by the devices it is said to be of.
 *
 * @throws {PreKeysRefusedError} when the proxy gives us none
 * @throws {InvalidSignatureError | InvalidBytesError | OversizedBytesError | ProtocolViolationError | TimeoutError | PeerUnreachableError | StorageUnavailableError}
 */
export async function fetchPreKeys ({ network, people, clock, taken }: FetchComponents, proxy: DeviceRoute, { own, person }: { own: Did, person: Did }, { signal }: AbortOptions): Promise<number> {
  const list = await people.list(person)
  const wanted = (list?.devices ?? [])
    .filter(({ device }) => mayHoldKeys(list, device, clock.now()) && taken.count(device) < KEPT_READY)
    .map(({ device }) => ({ device: publicKeyFromDid(device).slice(), count: KEPT_READY - taken.count(device) }))
    .sort((a, b) => compare(a.device, b.device))
  if (wanted.length === 0) return 0
  const card = await people.card(own)
  const stream = await network.open(proxy, PRE_KEY_PROTOCOL, { signal, maxFrameBytes: MAX_PRE_KEY_FRAME_BYTES })
  try {
    await sendFrame(stream, { v: 1, type: 'take', person: publicKeyFromDid(person).slice(), asker: publicKeyFromDid(own).slice(), card: card?.slice() ?? null, wanted }, { signal })
    const given = await nextFrame(stream, ['given'], { clock, signal })
    await stream.close()
    if (given === undefined) throw new ProtocolViolationError(PRE_KEY_PROTOCOL, 'it closed the stream where keys were due')
    return await keep(given, person, wanted, { clock, taken })
  } catch (error) {
    stream.abort(error as Error)
    throw error
  }
}

async function keep ({ devices }: FrameOf<'given'>, person: Did, wanted: FrameOf<'take'>['wanted'], { clock, taken }: Pick<FetchComponents, 'clock' | 'taken'>): Promise<number> {
  const counts = new Map(wanted.map(({ device, count }) => [didFromPublicKey(device), count]))
  const now = clock.now()
  for (const { device: key, keys, lastResort } of devices) {
    const device = didFromPublicKey(key)
    if (keys.length > (counts.get(device) ?? -1)) throw new ProtocolViolationError(PRE_KEY_PROTOCOL, 'it gave keys that nobody asked for')
    for (const one of keys) await verifyPreKey({ person, device, isLastResort: false }, one)
    if (lastResort !== null) await verifyPreKey({ person, device, isLastResort: true }, lastResort)
  }
  let count = 0
  for (const { device: key, keys, lastResort } of devices) {
    const oneTime = keys.filter(({ expires }) => expires > now)
    await taken.add(person, didFromPublicKey(key), { oneTime, lastResort: lastResort === null || lastResort.expires <= now ? undefined : lastResort })
    count += oneTime.length
  }
  return count
}
