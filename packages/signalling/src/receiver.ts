import { OversizedBytesError, type Clock } from '@parley/core'
import { InvalidSignatureError, rolesOf, splitSigned, verifySignature, type DeviceList, type Did, type People } from '@parley/identity'
import type { Recipient } from './envelope.ts'
import { ExpiredSignalError, ForbiddenSignalError, MisdirectedSignalError, ReplayedSignalError, UnknownSenderError, UnwantedSenderError } from './errors.ts'
import { staleness, type PeerClocks } from './freshness.ts'
import { keyOf, type DidBook } from './ids.ts'
import type { Outbox } from './outbox.ts'
import { whyForbidden } from './permissions.ts'
import type { ReplayWindow } from './replay-window.ts'
import type { SignalSession } from './signal-session.ts'
import { MAX_SIGNAL_BYTES, signalCodec, type Signal } from './signal.ts'

/** How a signal came. */
export type Source = { path: 'direct', device: Did, session: SignalSession } | { path: 'topic' }

/** A signal that may be obeyed: fresh, genuine, permitted, and not seen before. */
export interface Received {
  signal: Exclude<Signal, { type: 'ack' }>
  from: Did
  to: Did
  /** The sending device, and the key to answer it with. */
  device: Recipient
  /** How far its clock is ahead of ours, where that is known. */
  offsetMs: number | undefined
}

interface Components { people: People, dids: DidBook, clock: Clock, clocks: PeerClocks, replays: ReplayWindow, outbox: Outbox }

interface Callbacks {
  /** The persons this device answers for. */
  persons(): readonly Did[]
  /** Decides whether a person's signals are heard by another; asked before anything of a signal is looked up or answered. */
  admits(from: Did, to: Did): boolean | Promise<boolean>
  /** Tells whether a signal is of a call that goes on here. */
  isKnownCall(device: Did, call: Uint8Array): boolean
  /** Says why the device has no part in the call it names; undefined when it may. */
  whyOutside(received: Received): string | undefined
  /** Is called once for each signal, after its acknowledgement is on its way. */
  onSignal(received: Received): void
}

/** A topic's copy of what was acknowledged over a stream needs no second answer this soon. */
const ACKNOWLEDGED_MS = 400
const MAX_ACKNOWLEDGED = 2048

/** Checks what comes in. `receive` rejects, by name, with why a signal is not obeyed. */
export function createReceiver (components: Components, callbacks: Callbacks): { receive(block: Uint8Array, source: Source): Promise<void> } {
  const { people, dids, clock, clocks, replays, outbox } = components
  const acknowledgedAt = new Map<string, number>()

  const listOf = async (signal: Signal, from: Did, device: Did): Promise<{ list: DeviceList, roles: ReturnType<typeof rolesOf> }> => {
    let list = await people.list(from)
    let roles = list === undefined ? [] : rolesOf(list, device, clock.now())
    if (roles.length === 0 && signal.type === 'call.offer') {
      // A stranger, or a new device: their card introduces them.
      await people.learnCard(signal.payload.card)
      list = await people.list(from)
      roles = list === undefined ? [] : rolesOf(list, device, clock.now())
    }
    if (list === undefined || roles.length === 0) throw new UnknownSenderError(from, device)
    return { list, roles }
  }

  const receiveAck = async (signal: Extract<Signal, { type: 'ack' }>, device: Did, verify: () => Promise<void>): Promise<void> => {
    const id = keyOf(signal.payload.of)
    // The id was random and known to the device alone, so an answer to it is never a replay.
    if (!outbox.awaits(id, device)) return
    await verify()
    clocks.learn(device, signal.sentAt, clock.now())
    outbox.acknowledged(id, device)
  }

  const acknowledge = ({ signal, from, to, device }: Received, source: Source, isNew: boolean): void => {
    const now = clock.monotonicNow()
    const id = keyOf(signal.id)
    if (!isNew && source.path === 'topic' && now - (acknowledgedAt.get(id) ?? -Infinity) < ACKNOWLEDGED_MS) return
    acknowledgedAt.delete(id)
    acknowledgedAt.set(id, now)
    if (acknowledgedAt.size > MAX_ACKNOWLEDGED) acknowledgedAt.delete(acknowledgedAt.keys().next().value as string)
    outbox.acknowledge({ call: new Uint8Array(signal.call), from: to, to: from, of: signal.id, device, ...(source.path === 'direct' ? { session: source.session } : {}) })
  }

  const offsetOf = (device: Did, source: Source): number | undefined => {
    const told = source.path === 'direct' ? source.session.clockOffsetMs : undefined
    if (told !== undefined) clocks.learn(device, clock.now() + told, clock.now())
    return told ?? clocks.offset(device)
  }

  return {
    async receive (block, source) {
      if (block.byteLength > MAX_SIGNAL_BYTES) throw new OversizedBytesError('signal', block.byteLength, MAX_SIGNAL_BYTES)
      const { body, signature } = splitSigned('signal', block)
      const signal = signalCodec.decode(body)
      const device = dids.did(signal.device)
      if (source.path === 'direct' && source.device !== device) throw new ForbiddenSignalError(source.device, signal.type, `it was signed by ${device}`)
      const to = dids.did(signal.to)
      if (!callbacks.persons().includes(to)) throw new MisdirectedSignalError(to)
      const verify = async (): Promise<void> => {
        if (!await verifySignature(signal.device, 'signal', body, signature)) throw new InvalidSignatureError('signal')
      }
      if (signal.type === 'ack') { await receiveAck(signal, device, verify); return }

      // A call that goes on is heard to its end; what begins is not begun.
      if (!callbacks.isKnownCall(device, signal.call) && !await callbacks.admits(dids.did(signal.from), to)) throw new UnwantedSenderError(device)
      const offsetMs = offsetOf(device, source)
      checkTime(signal, clock.now(), offsetMs)
      const from = dids.did(signal.from)
      const { list, roles } = await listOf(signal, from, device)
      const forbidden = whyForbidden(roles, signal)
      if (forbidden !== undefined) throw new ForbiddenSignalError(device, signal.type, forbidden)
      await verify()

      const record = list.devices.find(record => record.device === device)
      if (record === undefined) throw new UnknownSenderError(from, device)
      const received: Received = { signal, from, to, device: { device, publicKey: signal.device, sealing: record.sealing }, offsetMs }
      const outside = callbacks.whyOutside(received)
      if (outside !== undefined) throw new ForbiddenSignalError(device, signal.type, outside)
      const verdict = replays.accept(device, keyOf(signal.id), signal.seq, clock.monotonicNow())
      if (verdict === 'replayed') throw new ReplayedSignalError(device, 'it is older than what is remembered of this device')
      if (verdict === 'crowded') throw new ReplayedSignalError(device, 'too many devices have called lately to remember this one')
      acknowledge(received, source, verdict === 'new')
      if (verdict === 'new') callbacks.onSignal(received)
    }
  }
}

function checkTime (signal: Signal, now: number, offsetMs: number | undefined): void {
  const stale = staleness(signal, { now, offsetMs, strict: signal.type === 'call.offer' })
  if (stale === 'outside-window') throw new ExpiredSignalError('was sent more than five minutes from our clock', signal)
  // A late farewell must still end what it names; it can do nothing else.
  if (stale === 'expired' && signal.type !== 'call.leave') throw new ExpiredSignalError('has expired', signal)
}
