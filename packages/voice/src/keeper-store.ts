import type { Change, Store } from '@parley/core'
import { type CaptureRecord, decodeCaptureRecord, encodeCaptureRecord } from './capture-record.ts'
import { segmentCid, segmentKey } from './journal.ts'
import type { KeeperWrite } from './keeper-machine.ts'
import { voiceName } from './voice-id.ts'

const RECORD_PREFIX = '/voice/capture/'
// Marks of what is still being recorded: a restart looks at these alone.
const ACTIVE_PREFIX = '/voice/capturing/'

// How far a copy of a message has come that is not whole yet.
const COPYING_PREFIX = '/voice/copying/'

/** The changes of one write of a copy: its record appears with the last of it. */
export function copyChanges ({ record, segments, manifest }: Pick<KeeperWrite, 'record' | 'segments' | 'manifest'>): Change[] {
  const name = voiceName(record.voice)
  const changes = segmentChanges(name, segments)
  if (record.state === 'recording') return [...changes, { type: 'put', key: COPYING_PREFIX + name, value: encodeCaptureRecord(record) }]
  if (manifest !== null) changes.push({ type: 'block', cid: manifest.cid, bytes: manifest.bytes })
  return [...changes, { type: 'put', key: RECORD_PREFIX + name, value: encodeCaptureRecord(record) }, { type: 'delete', key: COPYING_PREFIX + name }]
}

/** Returns how far a copy came that is not whole yet. */
export async function readCopying (store: Store, name: string): Promise<CaptureRecord | undefined> {
  const bytes = await store.get(COPYING_PREFIX + name)
  return bytes === undefined ? undefined : decodeCaptureRecord(bytes)
}

function segmentChanges (name: string, segments: KeeperWrite['segments']): Change[] {
  return segments.flatMap(({ cid, bytes, index }): Change[] => [{ type: 'block', cid, bytes }, { type: 'put', key: segmentKey('kept', name, index), value: cid.bytes }])
}

/** The changes of one write. */
export function changesOf ({ record, previous, segments, manifest }: KeeperWrite): Change[] {
  const name = voiceName(record.voice)
  const changes = segmentChanges(name, segments)
  if (manifest !== null) changes.push({ type: 'block', cid: manifest.cid, bytes: manifest.bytes })
  changes.push({ type: 'put', key: RECORD_PREFIX + name, value: encodeCaptureRecord(record) })
  if (previous === undefined) changes.push({ type: 'put', key: ACTIVE_PREFIX + name, value: new Uint8Array(record.voice) })
  if (record.state !== 'recording') changes.push({ type: 'delete', key: ACTIVE_PREFIX + name })
  return changes
}

/** Returns what is kept of a voice message, if anything is. */
export async function readCapture (store: Store, name: string): Promise<CaptureRecord | undefined> {
  const bytes = await store.get(RECORD_PREFIX + name)
  return bytes === undefined ? undefined : decodeCaptureRecord(bytes)
}

/** Yields the records of all voice messages that are kept, by voice id. */
export async function * captures (store: Store): AsyncGenerator<CaptureRecord> {
  for await (const { value } of store.entries(RECORD_PREFIX)) yield decodeCaptureRecord(value)
}

/** Yields the voice ids that were being recorded when the keeper stopped. */
export async function * interrupted (store: Store): AsyncGenerator<Uint8Array> {
  for await (const { value } of store.entries(ACTIVE_PREFIX)) yield value
}

/** Returns segment `index` as it is kept. */
export async function keptSegment (store: Store, name: string, index: number): Promise<Uint8Array | undefined> {
  const cid = await segmentCid(store, segmentKey('kept', name, index))
  return cid === undefined ? undefined : await store.getBlock(cid)
}
