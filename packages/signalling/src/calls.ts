import { InvalidArgumentError, createId, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import { createEndedCalls, type EndedCalls } from './ended-calls.ts'
import { remainingMs } from './freshness.ts'
import { callBytes, callId, type DidBook } from './ids.ts'
import { createIncomingOffer, incomingKey, type IncomingShell } from './incoming-offer.ts'
import type { Outbox } from './outbox.ts'
import { FAREWELL_LIFETIME_MS, createOutgoingCall, type OutgoingShell } from './outgoing-call.ts'
import type { Received } from './receiver.ts'
import type { CallTimers } from './timers.ts'
import type { CallId, IncomingOffer, LeaveReason, OutgoingCall } from './types.ts'

/** Offers of others that ring at a time; further ones are refused. */
const MAX_INCOMING = 1024
/** Ended calls that still answer whoever accepts them late. */
const MAX_OVER = 1024

/** The calls of this device. */
export interface Calls {
  offer(offer: { from: Did, to: Did, card: Uint8Array, conversation?: CID, call?: CallId }): OutgoingCall
  whyOutside(received: Received): string | undefined
  /** Tells whether a call goes on here, or ended a moment ago. */
  isKnown(device: Did, call: Uint8Array): boolean
  receive(received: Received): void
  stop(): void
}

interface Components { outbox: Outbox, people: People, dids: DidBook, clock: Clock, random: RandomBytes, logger: Logger, self: Did, store?: Store | undefined }

/** Finds the call that a signal belongs to; `onOffer` is called for each new one. */
export async function createCalls (components: Components, { role, timers, onOffer }: { role: 'endpoint' | 'proxy', timers: CallTimers, onOffer: (offer: IncomingOffer) => void }): Promise<Calls> {
  const { outbox, clock, logger } = components
  const outgoing = new Map<CallId, OutgoingShell>()
  const over = new Map<CallId, OutgoingShell>()
  const incoming = new Map<string, IncomingShell>()
  const ended: EndedCalls = await createEndedCalls(components)

  const ring = (received: Received & { signal: { type: 'call.offer' } }, key: string): void => {
    const { signal, offsetMs } = received
    if (incoming.has(key) || ended.has(key)) return
    const ringMs = remainingMs(signal, { now: clock.now(), offsetMs })
    const shell = createIncomingOffer({ outbox, clock, logger }, { received, offer: signal, ringMs, role }, timers, () => {
      incoming.delete(key)
      ended.add(key)
    })
    incoming.set(key, shell)
    // Who calls a proxy hears that nobody is there before anything else.
    if (role === 'proxy') shell.tellDefault()
    onOffer(shell.api)
    shell.tellDefault()
  }

  const sendAway = ({ signal, from, to, device }: Received, reason: LeaveReason): void => {
    outbox.send({ content: { type: 'call.leave', payload: { reason } }, call: new Uint8Array(signal.call), from: to, to: from, devices: [device], lifetimeMs: FAREWELL_LIFETIME_MS })
  }

  const receiveStray = (received: Received, key: string): void => {
    switch (received.signal.type) {
      case 'call.leave':
        // It overtook its offer, which must not ring any more.
        ended.add(key)
        break
      case 'call.alive':
        // A proxy that was restarted goes on keeping what comes; live media is gone with its process.
        if (ended.has(key) || role === 'endpoint') sendAway(received, 'unknown-call')
        break
      case 'call.accept':
        sendAway(received, 'unknown-call')
        break
      case 'call.offer':
      case 'call.offer-ack':
      case 'call.reject':
        break
    }
  }

  return {
    offer ({ from, to, card, conversation, call = createId('call', components) }) {
      callBytes(call)
      if (outgoing.has(call) || over.has(call)) throw new InvalidArgumentError(`The call ${call} was offered already`)
      const shell = createOutgoingCall(components, { from, to, call, card, ...(conversation === undefined ? {} : { conversation }) }, timers, () => {
        outgoing.delete(call)
        over.set(call, shell)
        if (over.size > MAX_OVER) over.delete(over.keys().next().value as CallId)
      })
      outgoing.set(call, shell)
      return shell.api
    },
    whyOutside ({ signal, from, device }) {
      const call = outgoing.get(callId(signal.call)) ?? over.get(callId(signal.call))
      if (call !== undefined && call.to !== from) return 'it is not of the person who was called'
      if (signal.type !== 'call.offer' || incoming.size < MAX_INCOMING || incoming.has(incomingKey(device.device, signal.call))) return undefined
      return 'too many calls are ringing here'
    },
    isKnown: (device, call) => incoming.has(incomingKey(device, call)) || outgoing.has(callId(call)) || over.has(callId(call)),
    receive (received) {
      const { signal, device } = received
      const key = incomingKey(device.device, signal.call)
      if (signal.type === 'call.offer') { ring({ ...received, signal }, key); return }
      const shell = incoming.get(key) ?? outgoing.get(callId(signal.call)) ?? over.get(callId(signal.call))
      if (shell === undefined) receiveStray(received, key)
      else shell.receive(received)
    },
    stop () {
      for (const shell of [...outgoing.values(), ...incoming.values()]) shell.stop()
    }
  }
}
