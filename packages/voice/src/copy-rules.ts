import type { CID } from '@parley/core'
import type { CaptureRecord } from './capture-record.ts'
import { VoiceRefusedError } from './errors.ts'
import type { KeeperLimits, VerifiedSegment } from './keeper-machine.ts'
import type { Manifest } from './manifest.ts'

// The rules of a copy at its keeper. They see no disk and no stream.

/** A copy as it is announced: how many segments it has, and how it ended. */
export interface CopyPlan {
  segments: number
  manifest: Manifest | null
  cutOff: boolean
  reason: string | null
}

/** Tells whether what is kept of a message is at least what a copy would bring. */
export function hasAll (kept: CaptureRecord, { segments, manifest }: CopyPlan): boolean {
  if (kept.state === 'complete') return true
  if (kept.segments < segments) return false
  return manifest === null || kept.manifest?.equals(manifest.cid) === true
}

/**
 * Takes a segment of a copy behind what is there; returns the record with it.
 * The chain is that of a message which is being spoken, and each segment is
 * the one that the manifest names.
 *
 * @throws {VoiceRefusedError}
 */
export function takeCopied (record: CaptureRecord, segment: VerifiedSegment, { segments, manifest }: CopyPlan, limits: KeeperLimits): CaptureRecord {
  const { index, cid, prev, last, bytes } = segment
  if (index !== record.segments || index >= segments || record.whole) throw new VoiceRefusedError('out-of-order', `segment ${index} came where ${record.segments} of ${segments} was expected`)
  if (!sameCid(prev, record.last)) throw new VoiceRefusedError('broken-chain', `segment ${index} does not follow the one before it`)
  if (manifest !== null && manifest.segments[index]?.equals(cid) !== true) throw new VoiceRefusedError('broken-chain', `the manifest names another segment ${index}`)
  if (index >= limits.maxSegments) throw new VoiceRefusedError('too-long', `a message has at most ${limits.maxSegments} segments here`)
  const sizeBytes = record.sizeBytes + bytes.byteLength
  if (sizeBytes > limits.maxMessageBytes) throw new VoiceRefusedError('too-large', `a message has at most ${limits.maxMessageBytes} bytes here`)
  return { ...record, segments: index + 1, last: cid, sizeBytes, whole: last }
}

/** Closes the record of a copy of which everything is there. */
export function endCopied (record: CaptureRecord, { manifest, cutOff, reason }: CopyPlan, at: number): CaptureRecord {
  if (manifest !== null && !sameCid(manifest.segments.at(-1) ?? null, record.last)) throw new VoiceRefusedError('broken-chain', 'the manifest ends with another segment')
  const isCutOff = cutOff || (manifest === null && !record.whole)
  return { ...record, state: isCutOff ? 'cut-off' : 'complete', reason, manifest: manifest?.cid ?? null, endedAt: at }
}

function sameCid (a: CID | null, b: CID | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
