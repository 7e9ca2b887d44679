import type { CID } from '@parley/core'
import type { RecordingComponents, FinishedVoice } from './recording.ts'
import { type Change } from '@parley/core'
import { type JournalEntry, entryChange } from './journal.ts'
import { VOICE_RATE_HZ } from './limits.ts'
import { createManifest } from './manifest.ts'
import { joinPeaks } from './peaks.ts'

/** What is known about the segments of a recording when it ends. */
export interface SegmentTally {
  cids: CID[]
  /** Samples of each. */
  samples: number[]
  /** Loudness of each. */
  peaks: Uint8Array[]
}

/** Makes the manifest of a recording that ended, and the changes that put it into the journal. */
export function closeJournal (components: Pick<RecordingComponents, 'random'>, entry: JournalEntry, key: Uint8Array, { cids, samples, peaks }: SegmentTally): { finished: FinishedVoice, changes: Change[] } {
  const { cutOff, reason } = entry.ending ?? { cutOff: true, reason: 'the recording was interrupted' }
  const total = samples.reduce((sum, count) => sum + count, 0)
  const content = {
    codec: 'opus' as const,
    sampleRateHz: VOICE_RATE_HZ as 48000,
    channels: entry.channels,
    preSkip: entry.preSkip,
    durationMs: Math.max(0, Math.round((total - entry.preSkip) * 1000 / VOICE_RATE_HZ)),
    samples,
    peaks: joinPeaks(peaks),
    startedAt: entry.startedAt,
    cutOff
  }
  const manifest = createManifest(components, { voice: entry.voice, key, segments: cids, content })
  return {
    finished: { manifest, content, segments: cids.length, reason },
    changes: [
      { type: 'block', cid: manifest.cid, bytes: manifest.bytes },
      entryChange({ ...entry, state: cutOff ? 'cut-off' : 'complete', ending: { cutOff, reason }, manifest: manifest.cid })
    ]
  }
}
