import type { CID } from '@parley/core'
import type { CaptureRecord, CaptureState } from './capture-record.ts'
import type { Refusal } from './errors.ts'

// The rules of one capture at its keeper. They see no disk, no stream and no
// clock: what is verified comes in, what is to be written and said goes out.

/** A segment whose signature was verified. */
export interface VerifiedSegment {
  index: number
  prev: CID | null
  last: boolean
  cid: CID
  bytes: Uint8Array
}

/** How a capture ends. */
export interface Ending {
  state: Exclude<CaptureState, 'recording'>
  reason: string | null
  manifest: { cid: CID, bytes: Uint8Array } | null
  at: number
}

/** One commit: all of it is on the disk, or nothing. */
export interface KeeperWrite {
  segments: VerifiedSegment[]
  manifest: { cid: CID, bytes: Uint8Array } | null
  /** What the record is afterwards. */
  record: CaptureRecord
  /** What it was; undefined for the first. */
  previous: CaptureRecord | undefined
}

export interface Trouble {
  reason: 'full' | 'missing' | 'failed'
  detail: string
}

export interface KeeperState {
  /** As it is on the disk, or is to be there first. */
  record: CaptureRecord
  onDisk: boolean
  /** The stream of the speaker, if one is open. */
  session: number | undefined
  /** Accepted, in order, not yet being written. */
  pending: VerifiedSegment[]
  writing: KeeperWrite | undefined
  /** Why the write does not succeed at the moment. */
  trouble: Trouble | undefined
  ending: Ending | undefined
}

export type KeeperInput =
  | { type: 'open', session: number }
  | { type: 'segment', session: number, segment: VerifiedSegment }
  | { type: 'finish', session: number, manifest: { cid: CID, bytes: Uint8Array, segments: number, last: CID | null }, cutOff: boolean, reason: string | null, at: number }
  | { type: 'broken', session: number }
  | { type: 'restarted' }
  | { type: 'grace-over', at: number }
  | { type: 'written' }
  | { type: 'failed', trouble: Trouble }
  | { type: 'retry' }

export type KeeperReply =
  | { type: 'opened', next: number, last: CID | null, state: CaptureState }
  | { type: 'ack', index: number }
  | { type: 'paused' } & Trouble
  | { type: 'resumed' }
  | { type: 'closed', state: CaptureState, segments: number, reason: string | null }
  | { type: 'refused', reason: Refusal, detail: string }

export type KeeperOutput =
  | { type: 'reply', session: number, reply: KeeperReply }
  /** Close this stream once its replies are out. */
  | { type: 'drop', session: number }
  | { type: 'write', write: KeeperWrite }
  | { type: 'retry-later' }
  | { type: 'start-grace' }
  | { type: 'stop-grace' }
  | { type: 'changed', record: CaptureRecord, previous: CaptureRecord | undefined }

export interface KeeperLimits {
  maxSegments: number
  maxMessageBytes: number
}

export interface KeeperStep {
  state: KeeperState
  outputs: KeeperOutput[]
}

/** Where a capture begins: with a record that is on the disk, or with one that is to be. */
export function startKeeping (record: CaptureRecord, { onDisk }: { onDisk: boolean }): KeeperState {
  return { record, onDisk, session: undefined, pending: [], writing: undefined, trouble: undefined, ending: undefined }
}

/** Decides what follows from an input; changes neither argument. */
export function stepKeeper (state: KeeperState, input: KeeperInput, limits: KeeperLimits): KeeperStep {
  switch (input.type) {
    case 'open': return open(state, input.session)
    case 'segment': return input.session === state.session ? accept(state, input.session, input.segment, limits) : same(state)
    case 'finish': return input.session === state.session ? finish(state, input) : same(state)
    case 'broken': return input.session === state.session ? leave(state, []) : same(state)
    case 'restarted': return state.record.state === 'recording' ? { state, outputs: [{ type: 'start-grace' }] } : same(state)
    case 'grace-over': return graceOver(state, input.at)
    case 'written': return written(state)
    case 'failed': return failed(state, input.trouble)
    case 'retry': return state.writing === undefined ? same(state) : { state, outputs: [{ type: 'write', write: state.writing }] }
  }
}

function same (state: KeeperState): KeeperStep {
  return { state, outputs: [] }
}

function open (state: KeeperState, session: number): KeeperStep {
  const { record } = state
  const outputs: KeeperOutput[] = []
  const reply = (answer: KeeperReply): void => { outputs.push({ type: 'reply', session, reply: answer }) }
  reply({ type: 'opened', next: record.segments, last: record.last, state: record.state })
  if (record.state !== 'recording') {
    outputs.push({ type: 'drop', session })
    return { state, outputs }
  }
  // The same device opened again, as the old stream is dead and nobody noticed yet.
  if (state.session !== undefined) outputs.push({ type: 'drop', session: state.session })
  outputs.push({ type: 'stop-grace' })
  if (state.trouble !== undefined) reply({ type: 'paused', ...state.trouble })
  // A grace period that ended while the disk was full has closed nothing yet.
  const undecided = state.ending?.manifest === null && (state.writing === undefined || state.writing.record.state === 'recording')
  return flush({ ...state, session, ending: undecided ? undefined : state.ending }, outputs)
}

/** The index that is expected next, the segment before it, and whether that one was the last. */
function frontier (state: KeeperState): { next: number, last: CID | null, whole: boolean, sizeBytes: number } {
  const base = state.writing?.record ?? state.record
  const newest = state.pending.at(-1)
  return {
    next: base.segments + state.pending.length,
    last: newest?.cid ?? base.last,
    whole: newest?.last ?? base.whole,
    sizeBytes: base.sizeBytes + sizeOf(state.pending)
  }
}

/** Returns the index of the segment that is expected next. */
export function nextIndex (state: KeeperState): number {
  return frontier(state).next
}

function accept (state: KeeperState, session: number, segment: VerifiedSegment, limits: KeeperLimits): KeeperStep {
  const { next, last, whole, sizeBytes } = frontier(state)
  if (segment.index < next) {
    // A double. What is on the disk is acknowledged again, the rest once it is.
    const { segments } = state.record
    return segment.index < segments ? { state, outputs: [{ type: 'reply', session, reply: { type: 'ack', index: segments - 1 } }] } : same(state)
  }
  if (state.ending !== undefined || whole) return refuse(state, session, 'ended', 'the message has already ended')
  if (segment.index > next) return refuse(state, session, 'out-of-order', `segment ${segment.index} came where ${next} was expected`)
  if (!sameCid(segment.prev, last)) return refuse(state, session, 'broken-chain', `segment ${segment.index} does not follow the one before it`)
  if (next >= limits.maxSegments) return refuse(state, session, 'too-long', `a message has at most ${limits.maxSegments} segments here`)
  if (sizeBytes + segment.bytes.byteLength > limits.maxMessageBytes) return refuse(state, session, 'too-large', `a message has at most ${limits.maxMessageBytes} bytes here`)
  return flush({ ...state, pending: [...state.pending, segment] }, [])
}

function finish (state: KeeperState, { session, manifest, cutOff, reason, at }: Extract<KeeperInput, { type: 'finish' }>): KeeperStep {
  if (state.ending !== undefined) return same(state)
  const { next, last } = frontier(state)
  if (manifest.segments !== next) return refuse(state, session, 'out-of-order', `the manifest lists ${manifest.segments} segments, ${next} arrived`)
  if (!sameCid(manifest.last, last)) return refuse(state, session, 'broken-chain', 'the manifest ends with another segment')
  const { cid, bytes } = manifest
  return flush({ ...state, ending: { state: cutOff ? 'cut-off' : 'complete', reason, manifest: { cid, bytes }, at } }, [])
}

function refuse (state: KeeperState, session: number, reason: Refusal, detail: string): KeeperStep {
  return leave(state, [{ type: 'reply', session, reply: { type: 'refused', reason, detail } }, { type: 'drop', session }])
}

/** The speaker is gone: it has the grace period to come back. */
function leave (state: KeeperState, outputs: KeeperOutput[]): KeeperStep {
  const waits = state.record.state === 'recording' && state.ending === undefined
  return { state: { ...state, session: undefined }, outputs: waits ? [...outputs, { type: 'start-grace' }] : outputs }
}

function graceOver (state: KeeperState, at: number): KeeperStep {
  if (state.session !== undefined || state.ending !== undefined || state.record.state !== 'recording') return same(state)
  const { whole } = frontier(state)
  return flush({ ...state, ending: { state: whole ? 'complete' : 'cut-off', reason: whole ? null : 'the connection was lost', manifest: null, at } }, [])
}

/** Begins the next write when none is under way and something changed. */
function flush (state: KeeperState, outputs: KeeperOutput[]): KeeperStep {
  const { record, pending, ending } = state
  const idle = state.onDisk && pending.length === 0 && (ending === undefined || record.state !== 'recording')
  if (state.writing !== undefined || idle) return { state, outputs }
  const { next, last, whole, sizeBytes } = frontier(state)
  const after: CaptureRecord = { ...record, segments: next, last, whole, sizeBytes }
  const write: KeeperWrite = {
    segments: pending,
    manifest: ending?.manifest ?? null,
    record: ending === undefined ? after : { ...after, state: ending.state, reason: ending.reason, manifest: ending.manifest?.cid ?? null, endedAt: ending.at },
    previous: state.onDisk ? record : undefined
  }
  return { state: { ...state, pending: [], writing: write }, outputs: [...outputs, { type: 'write', write }] }
}

function written (state: KeeperState): KeeperStep {
  const { writing, session } = state
  if (writing === undefined) return same(state)
  const { record, previous, segments } = writing
  const replies: KeeperReply[] = []
  if (state.trouble !== undefined) replies.push({ type: 'resumed' })
  if (segments.length > 0) replies.push({ type: 'ack', index: record.segments - 1 })
  if (record.state !== 'recording') replies.push({ type: 'closed', state: record.state, segments: record.segments, reason: record.reason })
  const outputs: KeeperOutput[] = session === undefined ? [] : replies.map(reply => ({ type: 'reply', session, reply }))
  if (session !== undefined && record.state !== 'recording') outputs.push({ type: 'drop', session })
  outputs.push({ type: 'changed', record, previous })
  return flush({ ...state, record, onDisk: true, writing: undefined, trouble: undefined }, outputs)
}

function failed (state: KeeperState, trouble: Trouble): KeeperStep {
  if (state.writing === undefined) return same(state)
  const outputs: KeeperOutput[] = [{ type: 'retry-later' }]
  // Told at every attempt: the speaker sees that its keeper lives.
  if (state.session !== undefined) outputs.push({ type: 'reply', session: state.session, reply: { type: 'paused', ...trouble } })
  return { state: { ...state, trouble }, outputs }
}

function sameCid (a: CID | null, b: CID | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

function sizeOf (segments: readonly VerifiedSegment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
}
