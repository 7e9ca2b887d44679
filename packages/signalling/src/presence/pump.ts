import type { FrameStream } from '@parley/network'

/** Sends what is due, one frame after the other: what becomes due while the peer is slow is gathered, not queued. */
export interface Pump {
  /** Something became due. */
  wake(): void
  /** Since when the frame on its way waits for the peer, by monotonic time; undefined while none does. */
  stuckSince(): number | undefined
}

/** Takes frames from `next` while there are any. A stream that breaks ends it, which its reader sees too. */
export function createPump ({ clock }: { clock: { monotonicNow(): number } }, stream: FrameStream, next: () => Uint8Array | undefined): Pump {
  let sendingSince: number | undefined
  let running = false
  const run = async (): Promise<void> => {
    try {
      for (let frame = next(); frame !== undefined; frame = next()) {
        sendingSince = clock.monotonicNow()
        await stream.send(frame)
      }
    } catch (error) {
      stream.abort(error as Error)
    } finally {
      // In the same turn as the last look, so that nothing becomes due unseen in between.
      running = false
      sendingSince = undefined
    }
  }
  return {
    wake () {
      if (running || stream.signal.aborted) return
      running = true
      void run()
    },
    stuckSince: () => sendingSince
  }
}
