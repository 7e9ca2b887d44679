import { createEmitter, type CancelTimer, type Clock, type Logger } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import { startIncoming, stepIncoming, type IncomingInput, type IncomingOutput, type IncomingState, type IncomingStep } from './incoming-call-machine.ts'
import { callId } from './ids.ts'
import type { Delivery, Message, Outbox } from './outbox.ts'
import { FAREWELL_LIFETIME_MS, wordsOf } from './outgoing-call.ts'
import type { Received } from './receiver.ts'
import type { SignalOf } from './signal.ts'
import { setTimerAt, type CallTimers } from './timers.ts'
import type { CallEnd, IncomingOffer, IncomingOfferEvents } from './types.ts'

interface Components { outbox: Outbox, clock: Clock, logger: Logger }

/** The callee's side of an offer as the rest of the package sees it. */
export interface IncomingShell {
  readonly api: IncomingOffer
  receive(received: Received): void
  /** Tells the caller what this role tells when the app said nothing: `ringing`, or `proxy-only`. */
  tellDefault(): void
  stop(): void
}

/** How long an acceptance is tried; after that the caller is gone. */
const ACCEPT_LIFETIME_MS = 30_000

interface Ring { received: Received, offer: SignalOf<'call.offer'>, ringMs: number, role: 'endpoint' | 'proxy' }

/** Rings, and plays the incoming machine; `onEnded` is called once. */
export function createIncomingOffer ({ outbox, clock, logger }: Components, { received, offer, ringMs, role }: Ring, timers: CallTimers, onEnded: (end: CallEnd) => void): IncomingShell {
  const { from, to, device } = received
  const emitter = createEmitter<IncomingOfferEvents>(logger)
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<CallEnd>()
  const call = new Uint8Array(offer.call)
  // Where the caller hears nothing of us it stops on its own, so these may be given up.
  const deliveries: { reach?: Delivery, accept?: Delivery } = {}
  let timer: { at: number, cancel: CancelTimer } | undefined
  let told = false
  let state: IncomingState

  const input = (what: IncomingInput): void => { apply(stepIncoming(state, what, timers)) }

  const setTimer = (at: number): void => {
    if (timer !== undefined && timer.at <= at) return
    timer?.cancel()
    timer = { at, cancel: setTimerAt(clock, at, () => { timer = undefined; input({ type: 'timer', at: clock.monotonicNow() }) }) }
  }

  const send = (content: Message['content'], lifetimeMs: number, more: Pick<Message, 'onDelivered' | 'onSettled'> = {}): Delivery =>
    outbox.send({ content, call, from: to, to: from, devices: [device], lifetimeMs, ...more })

  const perform = (output: IncomingOutput): void => {
    switch (output.type) {
      case 'send-reach':
        told = true
        deliveries.reach?.cancel()
        deliveries.reach = send({ type: 'call.offer-ack', payload: { reach: output.reach } }, timers.offerLifetimeMs)
        break
      case 'send-accept':
        told = true
        deliveries.accept = send({ type: 'call.accept', payload: { mode: output.mode, ...(role === 'proxy' ? { onBehalfOf: publicKeyFromDid(to) } : {}) } }, ACCEPT_LIFETIME_MS, {
          onDelivered: () => { input({ type: 'confirmed', at: clock.monotonicNow() }) },
          onSettled: outcome => { if (outcome === 'expired') input({ type: 'undelivered' }) }
        })
        break
      case 'send-reject':
        told = true
        send({ type: 'call.reject', payload: { reason: output.reason, ...wordsOf(output) } }, FAREWELL_LIFETIME_MS)
        break
      case 'send-leave':
        send({ type: 'call.leave', payload: { reason: output.reason, ...wordsOf(output) } }, FAREWELL_LIFETIME_MS)
        break
      case 'confirmed':
        emitter.emit('confirmed', { mode: output.mode })
        break
      case 'timer':
        setTimer(output.at)
        break
      case 'ended':
        timer?.cancel()
        deliveries.reach?.cancel()
        deliveries.accept?.cancel()
        logger.info('an incoming call ended', { call: api.call, status: output.end.status, reason: output.end.reason })
        onEnded(output.end)
        emitter.emit('ended', output.end)
        resolveEnded(output.end)
        break
    }
  }

  const apply = (step: IncomingStep): void => {
    state = step.state
    for (const output of step.outputs) perform(output)
  }

  const api: IncomingOffer = {
    call: callId(offer.call),
    from,
    device: device.device,
    to,
    card: offer.payload.card,
    ...(offer.payload.conversation === undefined ? {} : { conversation: offer.payload.conversation }),
    ended,
    reach (reach) { input({ type: 'reach', reach }) },
    accept ({ mode }) { input({ type: 'accept', mode: role === 'proxy' ? 'capture' : mode, at: clock.monotonicNow() }) },
    reject (reason = 'declined', { detail } = {}) {
      // Declining is the person's own word: a proxy only takes itself out.
      const own = role === 'proxy' && reason !== 'blocked' ? 'unavailable' : reason
      input({ type: 'reject', reason: own, ...wordsOf({ detail }) })
    },
    leave (reason = 'hang-up', { detail } = {}) { input({ type: 'leave', reason, ...wordsOf({ detail }) }) },
    on: emitter.on
  }
  const start = startIncoming({ deadline: clock.monotonicNow() + ringMs })
  state = start.state
  apply(start)

  return {
    api,
    receive ({ signal }) {
      if (signal.type === 'call.leave') input({ type: 'left', reason: signal.payload.reason, ...wordsOf(signal.payload) })
      else if (signal.type === 'call.alive') input({ type: 'heard', at: clock.monotonicNow() })
    },
    tellDefault () { if (!told) input({ type: 'reach', reach: role === 'proxy' ? 'proxy-only' : 'ringing' }) },
    stop () { input({ type: 'leave', reason: 'hang-up' }) }
  }
}

/** Names an incoming call: another device may use the same id. */
export function incomingKey (device: Did, call: Uint8Array): string {
  return `${device}/${callId(call)}`
}
