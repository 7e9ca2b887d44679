import { ProtocolViolationError, refusalOf } from '../sync/errors.ts'
import type { AckReason, MailboxFrame, MailboxHello, MailboxItem } from './frames.ts'
import { HELLO_TIMEOUT_MS, MAILBOX_PROTOCOL, WINDOW_ITEMS } from './limits.ts'

/** The holder's side of one stream. */
export interface HolderState {
  readonly phase: 'greeting' | 'backlog' | 'live' | 'ended'
  readonly hello: MailboxHello | undefined
  /** Numbers of the items that were sent and not acknowledged, growing. */
  readonly unacked: readonly number[]
  /** The last number that was sent or that the device had. */
  readonly sentUpTo: number
  /** `idle`: nothing asked for; `asked`: a page is on its way; `again`: and something came meanwhile that it may lack. */
  readonly pulling: 'idle' | 'asked' | 'again'
}

export type HolderInput =
  | { type: 'frame', frame: MailboxFrame }
  /** The device may have the mailbox: `after` is where it stands. */
  | { type: 'welcome', box: Uint8Array<ArrayBuffer>, after: number }
  /** The items that were pulled; none when there are no more for now. */
  | { type: 'page', items: MailboxItem[] }
  /** There may be new items. */
  | { type: 'available' }
  | { type: 'closed' }
  | { type: 'stop' }

export type HolderOutput =
  | { type: 'send', frame: MailboxFrame }
  /** See whether the device may, and answer with `welcome`. */
  | { type: 'heard', hello: MailboxHello }
  /** Answer with `page`: at most `room` items after `after`. */
  | { type: 'pull', after: number, room: number }
  | { type: 'acknowledged', upTo: number, reason: AckReason }
  | { type: 'end' }
  | { type: 'fail', error: Error }
  | { type: 'refused', error: Error }
  | { type: 'interrupted' }

export interface HolderStep { state: HolderState, outputs: HolderOutput[] }

export function createHolderState (): HolderState {
  return { phase: 'greeting', hello: undefined, unacked: [], sentUpTo: 0, pulling: 'idle' }
}

/** Tells how long the holder waits for the device, in milliseconds. A device may take its time with items. */
export function holderPatienceMs (state: HolderState): number | undefined {
  return state.phase === 'greeting' && state.hello === undefined ? HELLO_TIMEOUT_MS : undefined
}

/** Decides what the holder of a mailbox does next on one stream. */
export function stepHolder (state: HolderState, input: HolderInput): HolderStep {
  if (state.phase === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'frame': return onFrame(state, input.frame)
    case 'welcome': {
      const welcome: HolderOutput = { type: 'send', frame: { v: 1, type: 'welcome', box: input.box, after: input.after } }
      return pull({ ...state, phase: 'backlog', sentUpTo: input.after }, [welcome])
    }
    case 'page': return onPage({ ...state, pulling: 'idle' }, input.items, state.pulling === 'again')
    case 'available': return state.phase === 'greeting' ? { state, outputs: [] } : pull(state, [])
    // A device goes away when it likes; what it did not acknowledge is held for it.
    case 'closed': return over(state, state.phase === 'greeting' ? { type: 'interrupted' } : { type: 'end' })
    case 'stop': return over(state, { type: 'end' })
  }
}

function onFrame (state: HolderState, frame: MailboxFrame): HolderStep {
  switch (frame.type) {
    case 'refuse': return over(state, { type: 'refused', error: refusalOf(frame) })
    case 'hello':
      if (state.hello !== undefined) return violated(state, 'it said hello twice')
      return { state: { ...state, hello: frame }, outputs: [{ type: 'heard', hello: frame }] }
    case 'ack': return onAck(state, frame.upTo, frame.reason)
    case 'welcome':
    case 'items':
    case 'current': return violated(state, `a ${frame.type} frame is the holder's to send`)
  }
}

function onAck (state: HolderState, upTo: number, reason: AckReason): HolderStep {
  if (!state.unacked.includes(upTo)) return violated(state, `it acknowledged item ${upTo}, which was not sent or was acknowledged before`)
  return pull({ ...state, unacked: state.unacked.filter(seq => seq > upTo) }, [{ type: 'acknowledged', upTo, reason }])
}

function onPage (state: HolderState, items: MailboxItem[], again: boolean): HolderStep {
  const last = items.at(-1)
  if (last === undefined) {
    if (again) return pull(state, [])
    if (state.phase === 'live') return { state, outputs: [] }
    return { state: { ...state, phase: 'live' }, outputs: [{ type: 'send', frame: { v: 1, type: 'current' } }] }
  }
  const next = { ...state, unacked: [...state.unacked, ...items.map(item => item.seq)], sentUpTo: last.seq }
  return pull(next, [{ type: 'send', frame: { v: 1, type: 'items', items } }])
}

function pull (state: HolderState, outputs: HolderOutput[]): HolderStep {
  const room = WINDOW_ITEMS - state.unacked.length
  if (state.pulling !== 'idle') return { state: { ...state, pulling: 'again' }, outputs }
  if (room === 0) return { state, outputs }
  return { state: { ...state, pulling: 'asked' }, outputs: [...outputs, { type: 'pull', after: state.sentUpTo, room }] }
}

function violated (state: HolderState, reason: string): HolderStep {
  return over(state, { type: 'fail', error: new ProtocolViolationError(MAILBOX_PROTOCOL, reason) })
}

function over (state: HolderState, output: HolderOutput): HolderStep {
  return { state: { ...state, phase: 'ended' }, outputs: [output] }
}
