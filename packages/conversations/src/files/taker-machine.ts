import { ProtocolViolationError, refusalOf } from '../sync/errors.ts'
import { nextRef, takeBlock, type DagWalk } from './dag-walk.ts'
import type { FileFrame, OfferFrame } from './frames.ts'
import { BATCH_BLOCKS, FILE_PROTOCOL, OFFER_TIMEOUT_MS, PROGRESS_TIMEOUT_MS, WINDOW_BLOCKS } from './limits.ts'
import type { DagBlock } from './dag-builder.ts'

/** The holder's side of one stream. It sees no disk: what is to be written goes out. */
export interface TakerState {
  readonly phase: 'waiting' | 'judging' | 'taking' | 'ended'
  /** Where in the file the next block belongs. */
  readonly walk: DagWalk | undefined
  /** Blocks on the disk, from the first on. */
  readonly have: number
  /** Blocks that came and are not being written. */
  readonly pending: readonly DagBlock[]
  /** How many are being written. */
  readonly writing: number
}

export type TakerInput =
  | { type: 'frame', frame: FileFrame }
  /** The offer is taken; the walk goes on behind the blocks that are here. */
  | { type: 'admitted', walk: DagWalk, have: number }
  /** What was to be written is on the disk. */
  | { type: 'written' }
  | { type: 'closed' }

export type TakerOutput =
  | { type: 'send', frame: FileFrame }
  /** See whether the file is wanted, and answer with `admitted`. */
  | { type: 'offered', offer: OfferFrame }
  /** Write these durably, and with `whole` that they are all; answer with `written`. */
  | { type: 'write', blocks: readonly DagBlock[], whole: boolean }
  | { type: 'end' }
  | { type: 'fail', error: Error }
  | { type: 'refused', error: Error }
  | { type: 'interrupted' }

export interface TakerStep { state: TakerState, outputs: TakerOutput[] }

export function createTakerState (): TakerState {
  return { phase: 'waiting', walk: undefined, have: 0, pending: [], writing: 0 }
}

/** Tells how long the holder waits for the bringer, in milliseconds; undefined when it is its own turn. */
export function takerPatienceMs ({ phase, writing }: TakerState): number | undefined {
  if (phase === 'waiting') return OFFER_TIMEOUT_MS
  return phase === 'taking' && writing === 0 ? PROGRESS_TIMEOUT_MS : undefined
}

/** Decides what a holder that is brought a file does next; changes neither argument. @throws {DamagedFileError} from a block that is not the next */
export function stepTaker (state: TakerState, input: TakerInput): TakerStep {
  if (state.phase === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'frame': return onFrame(state, input.frame)
    case 'admitted': return opened({ ...state, phase: 'taking', walk: input.walk, have: input.have })
    case 'written': return written(state)
    // What came and was not written yet is asked for again next time.
    case 'closed': return over(state, [{ type: 'interrupted' }])
  }
}

function opened (state: TakerState): TakerStep {
  const outputs: TakerOutput[] = [{ type: 'send', frame: { v: 1, type: 'opened', have: state.have } }]
  if (!isWhole(state)) return { state, outputs }
  // All blocks are here, but perhaps not the word that they are.
  return { state: { ...state, writing: 0 }, outputs: [...outputs, { type: 'write', blocks: [], whole: true }] }
}

function onFrame (state: TakerState, frame: FileFrame): TakerStep {
  switch (frame.type) {
    case 'refuse': return over(state, [{ type: 'refused', error: refusalOf(frame) }])
    case 'offer':
      if (state.phase !== 'waiting') return violated(state, 'it offered twice on one stream')
      return { state: { ...state, phase: 'judging' }, outputs: [{ type: 'offered', offer: frame }] }
    case 'block': return onBlock(state, frame.bytes)
    case 'opened':
    case 'ack': return violated(state, `a ${frame.type} frame is the holder's to send`)
  }
}

function onBlock (state: TakerState, bytes: Uint8Array): TakerStep {
  if (state.phase !== 'taking' || state.walk === undefined) return violated(state, 'a block came before its offer was taken')
  const ref = nextRef(state.walk)
  if (ref === undefined) return violated(state, 'a block came behind the last one')
  if (state.pending.length + state.writing >= WINDOW_BLOCKS) return violated(state, `more than ${WINDOW_BLOCKS} blocks came that were not acknowledged`)
  try {
    return flush({ ...state, walk: takeBlock(state.walk, bytes), pending: [...state.pending, { cid: ref.cid, bytes }] })
  } catch (error) {
    return over(state, [{ type: 'fail', error: error as Error }])
  }
}

function written (state: TakerState): TakerStep {
  const next: TakerState = { ...state, have: state.have + state.writing, writing: 0 }
  const ack: TakerOutput = { type: 'send', frame: { v: 1, type: 'ack', have: next.have } }
  if (isWhole(next) && next.pending.length === 0) return over(next, [ack, { type: 'end' }])
  return flush(next, [ack])
}

function isWhole ({ walk }: TakerState): boolean {
  return walk !== undefined && nextRef(walk) === undefined
}

/** Writes what came, a batch at a time and one batch after the other. */
function flush (state: TakerState, outputs: TakerOutput[] = []): TakerStep {
  const whole = isWhole(state)
  if (state.writing > 0 || (state.pending.length < BATCH_BLOCKS && !whole)) return { state, outputs }
  return { state: { ...state, writing: state.pending.length, pending: [] }, outputs: [...outputs, { type: 'write', blocks: state.pending, whole }] }
}

function violated (state: TakerState, reason: string): TakerStep {
  return over(state, [{ type: 'fail', error: new ProtocolViolationError(FILE_PROTOCOL, reason) }])
}

function over (state: TakerState, outputs: TakerOutput[]): TakerStep {
  return { state: { ...state, phase: 'ended' }, outputs }
}
