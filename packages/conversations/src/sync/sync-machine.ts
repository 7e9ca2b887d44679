import type { CID } from '@parley/core'
import { ProtocolViolationError, refusalOf } from './errors.ts'
import type { BatchFrame, HelloFrame, SyncFrame } from './frames.ts'
import { HELLO_TIMEOUT_MS, MAX_CARD_FRAMES, MAX_FRONTIER, MAX_IDLE_BATCHES, MAX_IDLE_BATCHES_CUT, PROGRESS_TIMEOUT_MS, SYNC_PROTOCOL, WINDOW_BATCHES } from './limits.ts'

/** What this side sends. */
interface Outbound {
  /** A page of the log was asked for and has not come yet. */
  readonly pulling: boolean
  readonly sent: number
  readonly acked: number
  readonly done: boolean
}

/** What the peer sends. */
interface Inbound {
  readonly received: number
  readonly merged: number
  readonly done: boolean
  /** Batches in a row that brought nothing new. */
  readonly idle: number
  readonly cardFrames: number
}

/** One side of one stream. Both sides run the same machine. */
export interface SyncState {
  /** `greeting`: a hello is still to be sent or heard; `catching-up`; `live`: both have everything and stay; `ended`. */
  readonly phase: 'greeting' | 'catching-up' | 'live' | 'ended'
  readonly conversation: CID
  readonly ownHello: HelloFrame | undefined
  readonly peerHello: HelloFrame | undefined
  readonly outbound: Outbound
  readonly inbound: Inbound
  /** Whether all that the peer's hello claimed has come: asked once it is done, unless blocks were refused, which explains what is lacking. */
  readonly compared: 'no' | 'asked' | 'yes'
  /** The peer has closed its end, which it may as soon as it is owed nothing. */
  readonly peerClosed: boolean
  /** Blocks of the peer that we did not take. */
  readonly refused: number
  /** Blocks of ours that the peer did not take, as it says. */
  readonly refusedByPeer: number
}

export type SyncInput =
  | { type: 'start', hello: HelloFrame }
  | { type: 'frame', frame: SyncFrame }
  /** The page that was pulled; `undefined` when the log has no more for now. */
  | { type: 'page', blocks: Uint8Array<ArrayBuffer>[] | undefined }
  /** Contact cards changed since the hello. */
  | { type: 'cards', cards: Uint8Array<ArrayBuffer>[] }
  /** The batches before `through` are merged and what was taken is on the disk. */
  | { type: 'merged', through: number, fresh: number, refused: number }
  /** Everything that the peer's hello claimed is here. */
  | { type: 'compared' }
  /** The peer closed its end cleanly. */
  | { type: 'closed' }
  /** We want to end a live sync. */
  | { type: 'stop' }

export type SyncOutput =
  | { type: 'send', frame: SyncFrame }
  /** The peer's hello came: see whether it may, and answer with `start` when that was not done yet. */
  | { type: 'heard', hello: HelloFrame }
  /** Both hellos are known: `pull` may follow at any time. */
  | { type: 'open', peer: HelloFrame, live: boolean }
  | { type: 'learn', cards: Uint8Array[] }
  | { type: 'pull' }
  | { type: 'merge', batch: BatchFrame }
  /** The peer has sent all it had: see whether that is what its hello claimed, and say `compared`. */
  | { type: 'compare', peer: HelloFrame }
  /** Both sides have on their disks what the other had; told once. */
  | { type: 'current' }
  /** Close the stream: nothing is owed. */
  | { type: 'end' }
  | { type: 'fail', error: Error }
  /** The peer ended the stream and said why. */
  | { type: 'refused', error: Error }
  /** The peer went away before it was time. */
  | { type: 'interrupted' }

export interface SyncStep { state: SyncState, outputs: SyncOutput[] }

/** Creates the state of a side that has neither sent nor heard anything. */
export function createSyncState (conversation: CID): SyncState {
  return {
    phase: 'greeting',
    conversation,
    ownHello: undefined,
    peerHello: undefined,
    outbound: { pulling: false, sent: 0, acked: 0, done: false },
    inbound: { received: 0, merged: 0, done: false, idle: 0, cardFrames: 0 },
    compared: 'no',
    peerClosed: false,
    refused: 0,
    refusedByPeer: 0
  }
}

/** Tells how long this side waits for the peer's next word, in milliseconds; undefined when the peer owes nothing. */
export function patienceMs (state: SyncState): number | undefined {
  if (state.phase === 'ended') return undefined
  if (state.phase === 'greeting') return state.ownHello === undefined || state.peerHello !== undefined ? undefined : HELLO_TIMEOUT_MS
  // While we are the slow ones the peer may be waiting for our window.
  if (state.inbound.merged < state.inbound.received) return undefined
  return state.outbound.acked < state.outbound.sent || !state.inbound.done ? PROGRESS_TIMEOUT_MS : undefined
}

/** Decides what one side of `/parley/sync/1` does next; does nothing itself. */
export function step (state: SyncState, input: SyncInput): SyncStep {
  if (state.phase === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'start': return greet({ ...state, ownHello: input.hello }, [{ type: 'send', frame: input.hello }])
    case 'frame': return onFrame(state, input.frame)
    case 'page': return onPage(state, input.blocks)
    case 'merged': return onMerged(state, input)
    case 'cards': return { state, outputs: [{ type: 'send', frame: { v: 1, type: 'cards', cards: input.cards } }] }
    case 'compared': return proceed({ ...state, compared: 'yes' }, [])
    case 'closed': return onClosed(state)
    case 'stop': return over(state, { type: 'end' })
  }
}

function onFrame (state: SyncState, frame: SyncFrame): SyncStep {
  if (frame.type === 'refuse') return over(state, { type: 'refused', error: refusalOf(frame) })
  if (frame.type === 'hello') return onHello(state, frame)
  if (state.phase === 'greeting') return violated(state, `a ${frame.type} frame came before its hello was answered`)
  switch (frame.type) {
    case 'cards': return onCards(state, frame.cards)
    case 'batch': return onBatch(state, frame)
    case 'ack': return onAck(state, frame)
    case 'done': return onDone(state, frame.batches)
    case 'list':
    case 'entries': return violated(state, `a ${frame.type} frame has no place in the sync of one conversation`)
  }
}

function onHello (state: SyncState, hello: HelloFrame): SyncStep {
  if (state.peerHello !== undefined) return violated(state, 'it said hello twice')
  if (!hello.conversation.equals(state.conversation)) return violated(state, 'its hello names another conversation')
  return greet({ ...state, peerHello: hello }, [{ type: 'heard', hello }])
}

function greet (state: SyncState, outputs: SyncOutput[]): SyncStep {
  if (state.ownHello === undefined || state.peerHello === undefined) return { state, outputs }
  return proceed({ ...state, phase: 'catching-up' }, [...outputs, { type: 'open', peer: state.peerHello, live: bothLive(state) }])
}

function onCards (state: SyncState, cards: Uint8Array[]): SyncStep {
  const cardFrames = state.inbound.cardFrames + 1
  if (cardFrames > MAX_CARD_FRAMES) return violated(state, `it sent more than ${MAX_CARD_FRAMES} frames of contact cards`)
  return { state: { ...state, inbound: { ...state.inbound, cardFrames } }, outputs: [{ type: 'learn', cards }] }
}

function onBatch (state: SyncState, batch: BatchFrame): SyncStep {
  const { inbound } = state
  if (batch.n !== inbound.received) return violated(state, `batch ${batch.n} came where ${inbound.received} was due`)
  if (inbound.done && !bothLive(state)) return violated(state, 'a batch came after the last')
  if (inbound.received - inbound.merged >= WINDOW_BATCHES) return violated(state, `more than ${WINDOW_BATCHES} batches came that were not acknowledged`)
  return { state: { ...state, inbound: { ...inbound, received: inbound.received + 1 } }, outputs: [{ type: 'merge', batch }] }
}

function onMerged (state: SyncState, { through, fresh, refused }: { through: number, fresh: number, refused: number }): SyncStep {
  const idle = fresh > 0 ? 0 : state.inbound.idle + through - state.inbound.merged
  const next: SyncState = { ...state, inbound: { ...state.inbound, merged: through, idle }, refused: state.refused + refused }
  const ack: SyncOutput = { type: 'send', frame: { v: 1, type: 'ack', through, refused: next.refused } }
  const isCut = (state.ownHello?.frontier.length ?? 0) >= MAX_FRONTIER
  if (idle >= (isCut ? MAX_IDLE_BATCHES_CUT : MAX_IDLE_BATCHES)) return violated(next, `${idle} batches in a row brought nothing new`)
  return proceed(next, [ack])
}

function onAck (state: SyncState, { through, refused }: { through: number, refused: number }): SyncStep {
  const { outbound } = state
  if (through <= outbound.acked || through > outbound.sent) {
    return violated(state, `it acknowledged ${through} batches where ${outbound.acked} were acknowledged and ${outbound.sent} sent`)
  }
  return proceed({ ...state, outbound: { ...outbound, acked: through }, refusedByPeer: refused }, [])
}

function onDone (state: SyncState, batches: number): SyncStep {
  if (state.inbound.done) return violated(state, 'it said twice that it was done')
  if (batches !== state.inbound.received) return violated(state, `it counts ${batches} batches where ${state.inbound.received} came`)
  return proceed({ ...state, inbound: { ...state.inbound, done: true } }, [])
}

function onPage (state: SyncState, blocks: Uint8Array<ArrayBuffer>[] | undefined): SyncStep {
  const outbound = { ...state.outbound, pulling: false }
  if (blocks === undefined) {
    if (outbound.done) return { state: { ...state, outbound }, outputs: [] }
    return proceed({ ...state, outbound: { ...outbound, done: true } }, [{ type: 'send', frame: { v: 1, type: 'done', batches: outbound.sent } }])
  }
  const batch: BatchFrame = { v: 1, type: 'batch', n: outbound.sent, blocks }
  return proceed({ ...state, outbound: { ...outbound, sent: outbound.sent + 1 } }, [{ type: 'send', frame: batch }])
}

function onClosed (state: SyncState): SyncStep {
  if (state.phase === 'live') return over(state, { type: 'end' })
  // Only our own comparison may still be under way.
  if (settled(state) && state.compared === 'asked') return { state: { ...state, peerClosed: true }, outputs: [] }
  return over(state, { type: 'interrupted' })
}

/** Whether each side has sent all it had, and all of it was judged. */
function settled ({ outbound, inbound }: SyncState): boolean {
  return outbound.done && inbound.done && outbound.acked === outbound.sent && inbound.merged === inbound.received
}

/** Adds what follows from the state alone: the next pull, and the end when nothing is owed. */
function proceed (state: SyncState, outputs: SyncOutput[]): SyncStep {
  const { outbound, inbound, peerHello } = state
  const heardAll = inbound.done && inbound.merged === inbound.received
  if (heardAll && state.compared === 'no' && peerHello !== undefined) {
    if (state.refused > 0) return proceed({ ...state, compared: 'yes' }, outputs)
    return proceed({ ...state, compared: 'asked' }, [...outputs, { type: 'compare', peer: peerHello }])
  }
  if (state.phase === 'catching-up' && settled(state) && state.compared === 'yes') {
    if (!bothLive(state) || state.peerClosed) return { state: { ...state, phase: 'ended' }, outputs: [...outputs, { type: 'current' }, { type: 'end' }] }
    return proceed({ ...state, phase: 'live' }, [...outputs, { type: 'current' }])
  }
  const wants = !outbound.pulling && (!outbound.done || bothLive(state)) && outbound.sent - outbound.acked < WINDOW_BATCHES
  if (!wants) return { state, outputs }
  return { state: { ...state, outbound: { ...outbound, pulling: true } }, outputs: [...outputs, { type: 'pull' }] }
}

function bothLive (state: SyncState): boolean {
  return state.ownHello?.live === true && state.peerHello?.live === true
}

function violated (state: SyncState, reason: string): SyncStep {
  return over(state, { type: 'fail', error: new ProtocolViolationError(SYNC_PROTOCOL, reason) })
}

function over (state: SyncState, output: SyncOutput): SyncStep {
  return { state: { ...state, phase: 'ended' }, outputs: [output] }
}
