import { sleep, type AbortOptions, type Clock } from '@parley/core'
import { OPUS_RATE_HZ, type OpusPacket } from './audio.ts'

/**
 * Releases each packet once its time has been spoken: the first one its own
 * duration after it was asked for, and so on. Deadlines are counted from the
 * start, so that lateness never adds up; after a stall what is overdue is
 * released at once until it has caught up.
 *
 * @throws the signal's reason when it aborts
 */
export async function * pace (packets: AsyncIterable<OpusPacket> | Iterable<OpusPacket>, { clock }: { clock: Clock }, { signal }: AbortOptions = {}): AsyncGenerator<OpusPacket> {
  const startMs = clock.monotonicNow()
  let spoken = 0
  for await (const packet of packets) {
    spoken += packet.samples
    const waitMs = startMs + spoken * 1000 / OPUS_RATE_HZ - clock.monotonicNow()
    if (waitMs > 0) await sleep(waitMs, clock, { signal })
    signal?.throwIfAborted()
    yield packet
  }
}
