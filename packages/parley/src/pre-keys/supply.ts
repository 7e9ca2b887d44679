import { type AbortOptions, type Clock } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import { LAST_RESORT_RENEWAL_MS, publicKeyFromDid, type Did, type People, type PreKeySecrets } from '@parley/identity'
import type { Network } from '@parley/network'
import type { DeviceRoute } from '../routes.ts'
import { MAX_PRE_KEY_FRAME_BYTES, PRE_KEY_PROTOCOL, type FrameOf } from './frames.ts'
import { nextFrame, sendFrame } from './streams.ts'

export interface SupplyComponents {
  network: Network
  people: People
  clock: Clock
  secrets: PreKeySecrets
  /** Tells whether this proxy may have one more batch today. */
  mayPut(proxy: Did): boolean
}

/**
 * Gives a proxy of our person's the pre-keys that it lacks, and more whenever
 * it says that they are few, until the stream ends. `supplied` is called each
 * time it has enough.
 *
 * @throws {PreKeysRefusedError | ProtocolViolationError | InvalidBytesError | OversizedBytesError | TimeoutError | PeerUnreachableError | StreamClosedError | StorageUnavailableError}
 */
export async function supplyPreKeys ({ network, people, clock, secrets, mayPut }: SupplyComponents, proxy: DeviceRoute, person: Did, { supplied, signal }: AbortOptions & { supplied(left: number): void }): Promise<void> {
  const card = await people.card(person)
  const stream = await network.open(proxy, PRE_KEY_PROTOCOL, { signal, maxFrameBytes: MAX_PRE_KEY_FRAME_BYTES })
  let stopTimer: (() => void) | undefined
  let isDue = true
  const answer = async (held: FrameOf<'left'>): Promise<void> => {
    stopTimer?.()
    const batch = await secrets.batchFor(proxy.device, held)
    isDue = batch !== undefined
    if (batch === undefined) {
      await secrets.sweep()
      // The last-resort key has its time also while nobody takes any.
      stopTimer = clock.setTimer(() => { void answer(held).catch((error: unknown) => { stream.abort(error as Error) }) }, LAST_RESORT_RENEWAL_MS)
      supplied(held.left)
      return
    }
    if (!mayPut(proxy.device)) throw new ProtocolViolationError(PRE_KEY_PROTOCOL, 'it wants more keys in a day than people write')
    await sendFrame(stream, { v: 1, type: 'put', block: batch.bytes.slice() }, { signal })
  }
  try {
    await sendFrame(stream, { v: 1, type: 'hello', person: publicKeyFromDid(person).slice(), card: card?.slice() ?? null }, { signal })
    for (;;) {
      const held = await nextFrame(stream, ['left'], { signal, ...isDue ? { clock } : {} })
      if (held === undefined) break
      await answer(held)
    }
    await stream.close()
  } catch (error) {
    stream.abort(error as Error)
    throw error
  } finally {
    stopTimer?.()
  }
}
