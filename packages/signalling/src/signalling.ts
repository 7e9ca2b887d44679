import { InvalidArgumentError, StoppedError, createEmitter, raceSignal, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { didFromPeerId, rolesOf, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { equals } from 'uint8arrays'
import { createCalls, type Calls } from './calls.ts'
import { openEnvelope } from './envelope.ts'
import { SignalFloodError } from './errors.ts'
import { createPeerClocks } from './freshness.ts'
import { createDidBook, inboxTopic } from './ids.ts'
import { createOutbox } from './outbox.ts'
import { createReceiver, type Received, type Source } from './receiver.ts'
import { createRefusalLog } from './refusal-log.ts'
import { createReplayWindow } from './replay-window.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { DEFAULT_TIMERS, type CallTimers } from './timers.ts'
import type { IncomingOffer, Refusal, Signalling } from './types.ts'

/** What signalling works with. */
export interface SignallingComponents {
  network: Network
  people: People
  device: DeviceKeys
  /** Whom this device answers for: one person, or for a proxy all that it serves now. The first is who calls. */
  person: Did | (() => readonly Did[])
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Where ended calls are remembered over a restart, so that they do not ring again. */
  store?: Store
}

/** How signalling behaves. All times in milliseconds. */
export interface SignallingInit extends Partial<CallTimers> {
  /** @default 'endpoint' */
  role?: 'endpoint' | 'proxy'
  /** How long the first acknowledgement is waited for. @default 500 */
  ackTimeoutMs?: number
  /** The longest pause between two attempts. @default 8000 */
  maxBackoffMs?: number
  /** Decides whether a person may call another one here; a call that it refuses is dropped as if it had never come. @default everybody may */
  admits?: (from: Did, to: Did) => boolean | Promise<boolean>
}

/** Signals from topics that are read at a time; more are dropped and counted. */
const MAX_IN_FLIGHT = 256
/** Cards remembered as known. */
const MAX_CARDS = 256
/** How often the persons served are looked up again. */
const REFRESH_MS = 5_000

/** Starts to answer for the person's inbox and direct streams. */
export async function createSignalling (components: SignallingComponents, init: SignallingInit = {}): Promise<Signalling> {
  const { network, people, device, clock, random } = components
  const { role = 'endpoint', ackTimeoutMs = 500, maxBackoffMs = 8_000, admits = () => true } = init
  const timers: CallTimers = {
    offerLifetimeMs: init.offerLifetimeMs ?? DEFAULT_TIMERS.offerLifetimeMs,
    reachTimeoutMs: init.reachTimeoutMs ?? DEFAULT_TIMERS.reachTimeoutMs,
    aliveIntervalMs: init.aliveIntervalMs ?? DEFAULT_TIMERS.aliveIntervalMs,
    aliveTimeoutMs: init.aliveTimeoutMs ?? DEFAULT_TIMERS.aliveTimeoutMs
  }
  checkTimers({ ...timers, ackTimeoutMs, maxBackoffMs })
  const logger = components.logger.child('signalling')
  const persons = (): readonly Did[] => typeof components.person === 'string' ? [components.person] : components.person()
  const emitter = createEmitter<{ offer: IncomingOffer, refused: Refusal }>(logger)
  const refusals = createRefusalLog({ logger })
  const dids = createDidBook()
  const stopping = new AbortController()
  const subscriptions = new Map<string, () => void>()
  const cards = new Map<Did, Uint8Array>()
  let inFlight = 0

  const refuse = (error: unknown, path: 'direct' | 'topic', peer: string): void => {
    refusals.add(error as Error, { path, peer })
    emitter.emit('refused', { error: error as Error, path, peer })
  }

  // Each of the three needs the others; none is used before all are there.
  const parts: { sessions?: Sessions, calls?: Calls } = {}
  const outbox = createOutbox({ network, device, dids, clock, random, logger, sessions: () => present(parts.sessions) }, { ackTimeoutMs, maxBackoffMs })
  const calls = parts.calls = await createCalls({ outbox, people, dids, clock, random, logger, self: device.did, store: components.store }, { role, timers, onOffer: offer => { emitter.emit('offer', offer) } })
  const receiver = createReceiver({ people, dids, clock, clocks: createPeerClocks({ clock }), replays: createReplayWindow(), outbox }, {
    persons,
    admits,
    isKnownCall: calls.isKnown,
    whyOutside: calls.whyOutside,
    onSignal (received) {
      if (received.signal.type === 'call.offer') onOffer(received, received.signal.payload.card)
      else calls.receive(received)
    }
  })

  // One turn later, so that the acknowledgement leaves before the app and the disk take their time.
  const onOffer = (received: Received, card: Uint8Array): void => {
    clock.setTimer(() => {
      if (stopping.signal.aborted) return
      calls.receive(received)
      learnCard(received.from, card).catch((error: unknown) => { refuse(error, 'direct', received.device.device) })
    }, 0)
  }

  /** Keeps the newest routes of a caller; the same card need not be verified again. */
  const learnCard = async (person: Did, card: Uint8Array): Promise<void> => {
    const known = cards.get(person)
    if (known !== undefined && equals(known, card)) return
    await people.learnCard(card)
    if (cards.size >= MAX_CARDS) cards.clear()
    cards.set(person, card)
  }

  const receive = async (block: Uint8Array, source: Source, peer: string): Promise<void> => {
    try {
      await receiver.receive(block, source)
    } catch (error) {
      refuse(error, source.path, peer)
    }
  }

  const onEnvelope = async (bytes: Uint8Array, peer: string): Promise<void> => {
    if (inFlight >= MAX_IN_FLIGHT) { refuse(new SignalFloodError(MAX_IN_FLIGHT), 'topic', peer); return }
    inFlight++
    try {
      const block = await openEnvelope(device, bytes)
      if (block !== undefined && !stopping.signal.aborted) await receive(block, { path: 'topic' }, peer)
    } catch (error) {
      refuse(error, 'topic', peer)
    } finally {
      inFlight--
    }
  }

  const refresh = (): void => {
    const topics = new Set(stopping.signal.aborted ? [] : persons().map(inboxTopic))
    for (const [topic, unsubscribe] of subscriptions) {
      if (topics.has(topic)) continue
      unsubscribe()
      subscriptions.delete(topic)
    }
    for (const topic of topics) {
      if (!subscriptions.has(topic)) subscriptions.set(topic, network.topics.subscribe(topic, ({ data, from }) => { void onEnvelope(data, from) }))
    }
  }

  const sessions = parts.sessions = await createSessions({ network, people, device, clock, logger }, {
    onBlock: async (block, from, session) => { await receive(block, { path: 'direct', device: from, session }, session.peer) },
    onOpen: outbox.opened,
    onBroken: (error, peer) => { refuse(error, 'direct', peer) }
  })
  network.on('peer:connect', ({ peer }) => {
    try {
      outbox.connected(didFromPeerId(peer))
    } catch (error) {
      // Peers with other kinds of keys are nobody's device.
      logger.debug('a peer is no device', { peer, error })
    }
  }, { signal: stopping.signal })
  refresh()
  let cancelRefresh = (): void => {}
  const keepFresh = (): void => { cancelRefresh = clock.setTimer(() => { refresh(); keepFresh() }, REFRESH_MS) }
  if (typeof components.person === 'function') keepFresh()

  return {
    offer (offer) {
      stopping.signal.throwIfAborted()
      const from = persons()[0]
      if (role === 'proxy' || from === undefined) throw new InvalidArgumentError('A proxy answers for its person and does not call')
      return calls.offer({ ...offer, from })
    },
    refresh,
    refusals: refusals.counts,
    async warm (person, { signal } = {}) {
      const list = await people.list(person)
      const devices = (list?.devices ?? []).filter(record => list !== undefined && record.device !== device.did && rolesOf(list, record.device, clock.now()).length > 0)
      const opened = await raceSignal(Promise.all(devices.map(async record => await sessions.ensure({ person, device: record.device, sealing: record.sealing }))), signal)
      return opened.filter(session => session !== undefined).length
    },
    async stop () {
      if (stopping.signal.aborted) return
      calls.stop()
      stopping.abort(new StoppedError('Signalling'))
      cancelRefresh()
      refresh()
      // The farewells go out; whether they arrive is not waited for.
      const flushed = outbox.flush()
      outbox.stop()
      await flushed
      await sessions.stop()
    },
    on: emitter.on
  }
}

function checkTimers (times: Record<string, number>): void {
  for (const [name, value] of Object.entries(times)) {
    if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError(`${name} has to be a positive number of milliseconds, not ${value}`)
  }
  if ((times.offerLifetimeMs ?? 0) > 5 * 60_000 || (times.aliveTimeoutMs ?? 0) > 5 * 60_000) throw new InvalidArgumentError('A signal lives five minutes at most')
}

function present<T> (part: T | undefined): T {
  if (part === undefined) throw new StoppedError('Signalling')
  return part
}
