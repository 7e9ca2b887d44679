import { TimeoutError, type CancelTimer, type Clock, type Logger, type RandomBytes } from '@parley/core'
import { signBody, type DeviceKeys, type Did } from '@parley/identity'
import type { Network } from '@parley/network'
import { startDelivery, stepDelivery, type DeliveryInput, type DeliveryOutcome, type DeliveryState, type DeliveryStep, type RetryPolicy } from './delivery-machine.ts'
import { MAX_RECIPIENTS, sealEnvelope, type Recipient } from './envelope.ts'
import { inboxTopic, keyOf, type DidBook } from './ids.ts'
import type { Sessions } from './sessions.ts'
import type { SignalSession } from './signal-session.ts'
import { signalCodec, type SignalContent } from './signal.ts'
import { setTimerAt } from './timers.ts'

/** What is to be sent, to whom, and for how long it is worth sending. */
export interface Message {
  content: SignalContent
  call: Uint8Array<ArrayBuffer>
  /** The person we speak or answer for. */
  from: Did
  /** The person it is for, and those of their devices that must have it. */
  to: Did
  devices: readonly Recipient[]
  lifetimeMs: number
  onDelivered?: (device: Did) => void
  onSettled?: (outcome: DeliveryOutcome) => void
}

/** A signal on its way. */
export interface Delivery {
  cancel(devices?: readonly Did[]): void
}

/** Sends signals until they are acknowledged or expire. */
export interface Outbox {
  /** @throws {InvalidBytesError | OversizedBytesError} when the content does not fit a signal */
  send(message: Message): Delivery
  /** Acknowledges a signal: over the session it came by, else over the topic as well as any open session. */
  acknowledge(message: Pick<Message, 'call' | 'from' | 'to'> & { of: Uint8Array, device: Recipient, session?: SignalSession }): void
  /** Tells whether a device was sent the signal with this id and has not acknowledged it. */
  awaits(id: string, device: Did): boolean
  acknowledged(id: string, device: Did): void
  /** A direct stream to the device has opened. */
  opened(device: Did): void
  /** A connection to the device has opened, so a stream can be. */
  connected(device: Did): void
  /** Resolves when everything that was to go out by now has been handed to the network. */
  flush(): Promise<void>
  stop(): void
}

interface Components { network: Network, sessions: () => Sessions, device: DeviceKeys, dids: DidBook, clock: Clock, random: RandomBytes, logger: Logger }

interface Entry {
  readonly message: Message
  readonly block: Promise<Uint8Array>
  state: DeliveryState
  cancelTimer?: CancelTimer
  /** How often each session has carried it without an acknowledgement. */
  readonly carried: Map<SignalSession, number>
  /** Ends the head starts of its streams. */
  readonly waiting: Set<() => void>
}

/** Acknowledgements are worth this long: as long as the longest offer rings. */
const ACK_LIFETIME_MS = 60_000
/**
 * How long an open stream is given to bring the acknowledgement before the
 * topic is used as well: sealing a copy costs milliseconds here, and everybody
 * who shares the inbox's shard pays for looking at it.
 */
const HEAD_START_MS = 25
/** A session that carried a signal this often in vain is given up for a new one. */
const MAX_CARRIED = 2

export function createOutbox (components: Components, policy: RetryPolicy): Outbox {
  const { device, dids, clock, random, logger } = components
  const entries = new Map<string, Entry>()
  const inFlight = new Set<Promise<unknown>>()
  const waiting = new Set<() => void>()
  let lastSeq = 0
  let stopped = false

  const jitter = (): number => (random(1)[0] ?? 0) / 255

  // Microseconds of the wall clock, so that numbers grow across restarts without being stored.
  const nextSeq = (): number => { lastSeq = Math.max(lastSeq + 1, Math.floor(clock.now()) * 1000); return lastSeq }

  const track = (work: Promise<unknown>): void => {
    const tracked = work.catch((error: unknown) => { logger.warn('a signal could not be sent', { error }) }).finally(() => { inFlight.delete(tracked) })
    inFlight.add(tracked)
  }

  const encode = ({ content, call, from, to, lifetimeMs }: Pick<Message, 'content' | 'call' | 'from' | 'to' | 'lifetimeMs'>, id: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => {
    const sentAt = Math.floor(clock.now())
    const body = signalCodec.encode({
      v: 1, id, call, from: dids.publicKey(from), device: dids.publicKey(device.did), to: dids.publicKey(to),
      seq: nextSeq(), sentAt, expiresAt: sentAt + Math.ceil(lifetimeMs), ...content
    })
    return signBody(device.signer, 'signal', body)
  }

  const publish = async (to: Did, recipients: readonly Recipient[], block: Uint8Array): Promise<void> => {
    for (let first = 0; first < recipients.length; first += MAX_RECIPIENTS) {
      const envelope = await sealEnvelope({ random }, recipients.slice(first, first + MAX_RECIPIENTS), block)
      await components.network.topics.publish(inboxTopic(to), envelope)
    }
  }

  const pendingOf = ({ message, state }: Entry): Recipient[] => message.devices.filter(({ device }) => state.phase === 'sending' && state.pending.includes(device))

  /** Sends over the open stream, or begins to open one. Tells whether a stream that has not failed yet took it. */
  const sendDirect = (entry: Entry, recipient: Recipient, block: Uint8Array): boolean => {
    let session = components.sessions().find(recipient.device)
    const carried = session === undefined ? 0 : entry.carried.get(session) ?? 0
    if (session !== undefined && carried >= MAX_CARRIED) {
      session.abort(new TimeoutError('An acknowledgement over this stream', policy.ackTimeoutMs))
      session = undefined
    }
    if (session === undefined) {
      // When it opens, `opened` sends what is still pending.
      void components.sessions().ensure({ person: entry.message.to, device: recipient.device, sealing: recipient.sealing })
      return false
    }
    entry.carried.set(session, carried + 1)
    track(session.send(block).catch(() => false).then(taken => { if (!taken) logger.debug('a direct stream did not take a signal', { device: recipient.device }) }))
    return carried === 0
  }

  const transmit = async (entry: Entry, devices: readonly string[], paths: 'all' | 'direct'): Promise<void> => {
    const block = await entry.block
    const taken = entry.message.devices.filter(({ device }) => devices.includes(device)).map(recipient => sendDirect(entry, recipient, block))
    if (paths === 'direct') return
    if (taken.every(Boolean)) await headStart(entry)
    await publish(entry.message.to, pendingOf(entry).filter(({ device }) => devices.includes(device)), block)
  }

  const headStart = async (entry: Entry): Promise<void> => {
    if (stopped || entry.state.phase === 'settled') return
    await new Promise<void>(resolve => {
      const go = (): void => {
        cancel()
        waiting.delete(go)
        entry.waiting.delete(go)
        resolve()
      }
      const cancel = clock.setTimer(go, HEAD_START_MS)
      waiting.add(go)
      entry.waiting.add(go)
    })
  }

  const apply = (id: string, entry: Entry, { state, outputs }: DeliveryStep): void => {
    entry.state = state
    for (const output of outputs) {
      switch (output.type) {
        case 'send':
          track(transmit(entry, output.devices, output.paths))
          break
        case 'timer':
          entry.cancelTimer?.()
          entry.cancelTimer = setTimerAt(clock, output.at, () => { input(id, { type: 'timer', at: clock.monotonicNow(), jitter: jitter() }) })
          break
        case 'delivered':
          entry.message.onDelivered?.(output.device)
          break
        case 'settled':
          entry.cancelTimer?.()
          // A timer that wakes the process for nothing costs as much as a signal's own work.
          for (const go of [...entry.waiting]) go()
          entries.delete(id)
          if (output.outcome === 'expired') logger.debug('a signal was not acknowledged in time', { type: entry.message.content.type, missing: output.missing.length })
          entry.message.onSettled?.(output.outcome)
          break
      }
    }
  }

  const input = (id: string, what: DeliveryInput): void => {
    const entry = entries.get(id)
    if (entry !== undefined) apply(id, entry, stepDelivery(entry.state, what, policy))
  }

  return {
    send (message) {
      const idBytes = new Uint8Array(random(16))
      const id = keyOf(idBytes)
      const at = clock.monotonicNow()
      const { state, outputs } = startDelivery({ devices: message.devices.map(recipient => recipient.device), at, expiresAt: at + message.lifetimeMs, jitter: jitter() }, policy)
      const entry: Entry = { message, block: encode(message, idBytes), state, carried: new Map(), waiting: new Set() }
      entries.set(id, entry)
      apply(id, entry, { state, outputs })
      return { cancel (devices) { input(id, { type: 'cancel', ...(devices === undefined ? {} : { devices }) }) } }
    },
    acknowledge ({ call, from, to, of, device: recipient, session }) {
      const block = encode({ content: { type: 'ack', payload: { of: new Uint8Array(of) } }, call, from, to, lifetimeMs: ACK_LIFETIME_MS }, new Uint8Array(random(16)))
      track((async () => {
        const bytes = await block
        const direct = session ?? components.sessions().find(recipient.device)
        // The stream may have gone since; then the next attempt asks again.
        if (direct !== undefined) await direct.send(bytes).catch(() => {})
        if (session === undefined) await publish(to, [recipient], bytes)
      })())
    },
    awaits: (id, device) => { const state = entries.get(id)?.state; return state?.phase === 'sending' && state.pending.includes(device) },
    acknowledged (id, device) { input(id, { type: 'acknowledged', device }) },
    opened (device) { for (const id of [...entries.keys()]) input(id, { type: 'path', device }) },
    connected (device) {
      const entry = [...entries.values()].find(({ state }) => state.phase === 'sending' && state.pending.includes(device))
      const recipient = entry?.message.devices.find(recipient => recipient.device === device)
      if (entry !== undefined && recipient !== undefined) void components.sessions().ensure({ person: entry.message.to, device, sealing: recipient.sealing })
    },
    async flush () {
      for (const go of [...waiting]) go()
      while (inFlight.size > 0) await Promise.all(inFlight)
    },
    stop () {
      stopped = true
      for (const entry of entries.values()) entry.cancelTimer?.()
      entries.clear()
    }
  }
}
