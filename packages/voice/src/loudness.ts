import type { Logger } from '@parley/core'
import { type OpusPacket, createWaveform } from '@parley/media'
import { VOICE_RATE_HZ } from './limits.ts'

const PEAKS_PER_SECOND = 20

/** Measures the loudness of a recording beside it. */
export interface Loudness {
  add(packet: OpusPacket): void
  /** Returns the values that were not returned before, up to `samples` from the beginning; at the end also the one that is not complete. */
  until(samples: number, end: { isEnd: boolean }): Promise<Uint8Array>
  close(): void
}

/** Creates a measure of loudness. Where nothing can decode Opus there are no values: a drawing is no reason to lose speech. */
export function createLoudness (components: { logger: Logger }, { preSkip }: { preSkip: number }): Loudness {
  const waveform = createWaveform({ peaksPerSecond: PEAKS_PER_SECOND, preSkip })
  let heard: Promise<void> = Promise.resolve()
  let given = 0
  let isBroken = false
  return {
    add (packet) {
      if (isBroken) return
      heard = waveform.add(packet).catch((error: unknown) => {
        if (!isBroken) components.logger.warn('the loudness of a recording cannot be measured', { error })
        isBroken = true
      })
    },
    async until (samples, { isEnd }) {
      await heard
      const intervals = (samples - preSkip) * PEAKS_PER_SECOND / VOICE_RATE_HZ
      const peaks = waveform.peaks().slice(given, Math.max(given, isEnd ? Math.ceil(intervals) : Math.floor(intervals)))
      given += peaks.byteLength
      return peaks
    },
    close () { waveform.close() }
  }
}
