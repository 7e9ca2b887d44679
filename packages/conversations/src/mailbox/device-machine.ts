import { ProtocolViolationError, refusalOf } from '../sync/errors.ts'
import type { AckReason, MailboxFrame, MailboxHello, MailboxItem } from './frames.ts'
import { HELLO_TIMEOUT_MS, MAILBOX_PROTOCOL, PROGRESS_TIMEOUT_MS, WINDOW_ITEMS } from './limits.ts'

/** The device's side of one stream. */
export interface DeviceState {
  readonly phase: 'idle' | 'greeting' | 'following' | 'ended'
  readonly live: boolean
  /** The last number that came. */
  readonly receivedUpTo: number
  /** Items that came and are not handled yet. */
  readonly waiting: number
  /** Whether the holder said that there is no more for now, and whether that was told on. */
  readonly current: 'no' | 'said' | 'told'
}

export type DeviceInput =
  | { type: 'start', hello: MailboxHello }
  | { type: 'frame', frame: MailboxFrame }
  /** The oldest item is dealt with and the cursor is on the disk. */
  | { type: 'handled', seq: number, reason: AckReason }
  | { type: 'closed' }
  | { type: 'stop' }

export type DeviceOutput =
  | { type: 'send', frame: MailboxFrame }
  /** The holder's mailbox is this one, and items after `after` follow. */
  | { type: 'welcomed', box: Uint8Array<ArrayBuffer>, after: number }
  | { type: 'handle', items: MailboxItem[] }
  /** Everything that waited here is handled; told once. */
  | { type: 'current' }
  | { type: 'end' }
  | { type: 'fail', error: Error }
  | { type: 'refused', error: Error }
  | { type: 'interrupted' }

export interface DeviceStep { state: DeviceState, outputs: DeviceOutput[] }

export function createDeviceState (): DeviceState {
  return { phase: 'idle', live: false, receivedUpTo: 0, waiting: 0, current: 'no' }
}

/** Tells how long the device waits for the holder, in milliseconds; undefined when the holder owes nothing. */
export function devicePatienceMs (state: DeviceState): number | undefined {
  if (state.phase === 'greeting') return HELLO_TIMEOUT_MS
  return state.phase === 'following' && state.current === 'no' && state.waiting === 0 ? PROGRESS_TIMEOUT_MS : undefined
}

/** Decides what a device that follows a mailbox does next. */
export function stepDevice (state: DeviceState, input: DeviceInput): DeviceStep {
  if (state.phase === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'start': return { state: { ...state, phase: 'greeting', live: input.hello.live }, outputs: [{ type: 'send', frame: input.hello }] }
    case 'frame': return onFrame(state, input.frame)
    case 'handled': {
      const ack: DeviceOutput = { type: 'send', frame: { v: 1, type: 'ack', upTo: input.seq, reason: input.reason } }
      return proceed({ ...state, waiting: state.waiting - 1 }, [ack])
    }
    case 'closed': return over(state, { type: 'interrupted' })
    case 'stop': return over(state, { type: 'end' })
  }
}

function onFrame (state: DeviceState, frame: MailboxFrame): DeviceStep {
  if (frame.type === 'refuse') return over(state, { type: 'refused', error: refusalOf(frame) })
  if (frame.type === 'hello' || frame.type === 'ack') return violated(state, `a ${frame.type} frame is the device's to send`)
  if (frame.type === 'welcome') {
    if (state.phase !== 'greeting') return violated(state, 'it welcomed us twice')
    return { state: { ...state, phase: 'following', receivedUpTo: frame.after }, outputs: [{ type: 'welcomed', box: frame.box, after: frame.after }] }
  }
  if (state.phase !== 'following') return violated(state, `a ${frame.type} frame came before its welcome`)
  if (frame.type === 'items') return onItems(state, frame.items)
  if (state.current !== 'no') return violated(state, 'it said twice that there is no more')
  return proceed({ ...state, current: 'said' }, [])
}

function onItems (state: DeviceState, items: MailboxItem[]): DeviceStep {
  let receivedUpTo = state.receivedUpTo
  for (const { seq } of items) {
    if (seq <= receivedUpTo) return violated(state, `item ${seq} came after item ${receivedUpTo}`)
    receivedUpTo = seq
  }
  const waiting = state.waiting + items.length
  if (waiting > WINDOW_ITEMS) return violated(state, `more than ${WINDOW_ITEMS} items came that were not acknowledged`)
  return { state: { ...state, receivedUpTo, waiting }, outputs: [{ type: 'handle', items }] }
}

/** Adds the end of what waited, the first time that nothing is left of it. */
function proceed (state: DeviceState, outputs: DeviceOutput[]): DeviceStep {
  if (state.current !== 'said' || state.waiting > 0) return { state, outputs }
  if (state.live) return { state: { ...state, current: 'told' }, outputs: [...outputs, { type: 'current' }] }
  return { state: { ...state, phase: 'ended' }, outputs: [...outputs, { type: 'current' }, { type: 'end' }] }
}

function violated (state: DeviceState, reason: string): DeviceStep {
  return over(state, { type: 'fail', error: new ProtocolViolationError(MAILBOX_PROTOCOL, reason) })
}

function over (state: DeviceState, output: DeviceOutput): DeviceStep {
  return { state: { ...state, phase: 'ended' }, outputs: [output] }
}
