import { createEmitter, type CancelTimer, type CID, type Clock, type Logger } from '@parley/core'
import { rolesOf, type Did, type People } from '@parley/identity'
import type { Recipient } from './envelope.ts'
import { callBytes, type DidBook } from './ids.ts'
import type { Delivery, Outbox } from './outbox.ts'
import { failedAtStart, startOutgoing, stepOutgoing, type OutgoingInput, type OutgoingOutput, type OutgoingState, type OutgoingStep } from './outgoing-call-machine.ts'
import type { Received } from './receiver.ts'
import { setTimerAt, type CallTimers } from './timers.ts'
import type { CallEnd, CallId, OutgoingCall, OutgoingCallEvents, Reach } from './types.ts'

interface Components { outbox: Outbox, people: People, dids: DidBook, clock: Clock, logger: Logger, self: Did }
interface Offer { from: Did, to: Did, call: CallId, card: Uint8Array, conversation?: CID }

/** The caller's side of a call as the rest of the package sees it. */
export interface OutgoingShell {
  readonly api: OutgoingCall
  readonly to: Did
  receive(received: Received): void
  stop(): void
}

/** How long a farewell is tried. */
export const FAREWELL_LIFETIME_MS = 60_000

/** Offers a call and plays the outgoing machine; `onEnded` is called once. */
export function createOutgoingCall ({ outbox, people, dids, clock, logger, self }: Components, offer: Offer, timers: CallTimers, onEnded: () => void): OutgoingShell {
  const emitter = createEmitter<OutgoingCallEvents>(logger)
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<CallEnd>()
  const call = callBytes(offer.call)
  const recipients = new Map<Did, Recipient>()
  let state: OutgoingState | undefined
  let offering: Delivery | undefined
  let alive: Delivery | undefined
  let timer: { at: number, cancel: CancelTimer } | undefined
  let lastReach: Reach | undefined

  const input = (what: OutgoingInput): void => { if (state !== undefined) apply(stepOutgoing(state, what, timers)) }

  const setTimer = (at: number): void => {
    if (timer !== undefined && timer.at <= at) return
    timer?.cancel()
    timer = { at, cancel: setTimerAt(clock, at, () => { timer = undefined; input({ type: 'timer', at: clock.monotonicNow() }) }) }
  }

  const send = (devices: readonly Did[], content: Parameters<Outbox['send']>[0]['content'], lifetimeMs: number, onDelivered?: (device: Did) => void): Delivery => outbox.send({
    content, call, from: offer.from, to: offer.to, lifetimeMs,
    devices: devices.flatMap(device => recipients.get(device) ?? []),
    ...(onDelivered === undefined ? {} : { onDelivered })
  })

  const perform = (output: OutgoingOutput): void => {
    switch (output.type) {
      case 'reach':
        lastReach = output.reach
        emitter.emit('reach', output.reach)
        break
      case 'accepted':
        emitter.emit('accepted', { device: output.device, mode: output.mode, ...(output.onBehalfOf === undefined ? {} : { onBehalfOf: output.onBehalfOf }) })
        break
      case 'rejected':
        emitter.emit('rejected', { device: output.device, reason: output.reason, ...wordsOf(output) })
        break
      case 'stop-offer':
        offering?.cancel()
        break
      case 'send-leave':
        send(output.devices, { type: 'call.leave', payload: { reason: output.reason, ...(output.detail === undefined ? {} : { detail: output.detail }) } }, FAREWELL_LIFETIME_MS)
        break
      case 'send-alive':
        alive?.cancel()
        alive = send([output.device], { type: 'call.alive', payload: {} }, timers.aliveTimeoutMs, device => { input({ type: 'heard', device, at: clock.monotonicNow() }) })
        break
      case 'timer':
        setTimer(output.at)
        break
      case 'ended':
        timer?.cancel()
        alive?.cancel()
        logger.info('an outgoing call ended', { call: offer.call, status: output.end.status, reason: output.end.reason })
        onEnded()
        emitter.emit('ended', output.end)
        resolveEnded(output.end)
        break
    }
  }

  const apply = (step: OutgoingStep): void => {
    state = step.state
    for (const output of step.outputs) perform(output)
  }

  const start = async (): Promise<void> => {
    const list = await people.list(offer.to)
    if (state !== undefined) return
    if (list === undefined) { apply(failedAtStart('unknown-person', 'Nothing is known of the devices of this person')); return }
    const now = clock.now()
    for (const { device, sealing } of list.devices) {
      const roles = rolesOf(list, device, now)
      if (device !== self && (roles.includes('endpoint') || roles.includes('proxy'))) recipients.set(device, { device, publicKey: dids.publicKey(device), sealing })
    }
    const step = startOutgoing({ devices: [...recipients.keys()], at: clock.monotonicNow() }, timers)
    if (recipients.size > 0) {
      offering = send([...recipients.keys()], {
        type: 'call.offer',
        payload: { media: ['audio'], card: new Uint8Array(offer.card), ...(offer.conversation === undefined ? {} : { conversation: offer.conversation }) }
      }, timers.offerLifetimeMs, device => { emitter.emit('acknowledged', { device }) })
    }
    apply(step)
  }
  start().catch((error: unknown) => {
    logger.error('a call could not be offered', { call: offer.call, error })
    if (state === undefined) apply(failedAtStart('failed', (error as Error).message.slice(0, 256)))
  })

  const api: OutgoingCall = {
    call: offer.call,
    to: offer.to,
    ended,
    reach: () => lastReach,
    leave (reason = 'hang-up', { detail } = {}) {
      // Before the devices are even known there is nobody to tell.
      if (state === undefined) {
        const end: CallEnd = { status: reason === 'failed' ? 'failed' : 'cancelled', reason: 'cancelled', by: 'us' }
        apply({ state: { phase: 'ended', end, farewell: 'cancelled' }, outputs: [{ type: 'ended', end }] })
      } else {
        input({ type: 'leave', reason, ...(detail === undefined ? {} : { detail }) })
      }
    },
    on: emitter.on
  }

  return {
    api,
    to: offer.to,
    receive ({ signal, device }) {
      // A device that was added to the list after the offer was sealed may answer too.
      recipients.set(device.device, device)
      const known = { device: device.device, seq: signal.seq }
      switch (signal.type) {
        case 'call.offer-ack':
          input({ type: 'told', ...known, reach: signal.payload.reach })
          break
        case 'call.accept':
          input({ type: 'accepted', ...known, mode: signal.payload.mode, at: clock.monotonicNow(), ...(signal.payload.onBehalfOf === undefined ? {} : { onBehalfOf: offer.to }) })
          break
        case 'call.reject':
          input({ type: 'rejected', ...known, reason: signal.payload.reason, ...wordsOf(signal.payload) })
          break
        case 'call.leave':
          input({ type: 'left', ...known, reason: signal.payload.reason, ...wordsOf(signal.payload) })
          break
        case 'call.offer':
        case 'call.alive':
          break
      }
    },
    stop () { api.leave() }
  }
}

/** Returns the words of a payload, with the key absent where there are none. */
export function wordsOf ({ detail }: { detail?: string | undefined }): { detail?: string } {
  return detail === undefined ? {} : { detail }
}
