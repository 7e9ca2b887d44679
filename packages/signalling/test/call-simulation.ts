import { createSeededRandom, silentLogger, type Clock, type RandomBytes } from '@parley/core'
import type { DeviceList, Did, People } from '@parley/identity'
import { createCalls, type Calls } from '../src/calls.ts'
import { startDelivery, stepDelivery, type DeliveryInput, type DeliveryState, type DeliveryStep } from '../src/delivery-machine.ts'
import { createPeerClocks, staleness } from '../src/freshness.ts'
import { createDidBook, keyOf } from '../src/ids.ts'
import type { Message, Outbox } from '../src/outbox.ts'
import { createReplayWindow } from '../src/replay-window.ts'
import { DEFAULT_TIMERS, setTimerAt } from '../src/timers.ts'
import type { Signal } from '../src/signal.ts'
import type { AcceptMode, CallEnd, OutgoingCall } from '../src/types.ts'

/** What happens in one run. Times in milliseconds after the offer. */
export interface Plan {
  seed: number
  /** Chance that one transmission is lost, and that it comes twice. */
  loss: number
  duplication: number
  /** The longest way takes this long; every way differs, which reorders. */
  delayMs: number
  /** How far the wall clock of each node is wrong: caller, then devices, the last is the proxy's. */
  skewsMs: number[]
  /** Whether nodes know each other's clocks from streams. */
  clocksKnown: boolean
  /** What each device does once it rings. */
  actions: Array<{ what: 'accept' | 'reject' | 'unavailable' | 'nothing', afterMs: number }>
  proxy: { captures: boolean, afterMs: number } | undefined
  callerLeavesMs: number
  /** Node index and time of `kill -9`. */
  crashes: Array<{ node: number, atMs: number }>
  /** An eavesdropper repeats this share of what was sent, up to ten minutes later. */
  replay: number
}

/** What was seen at one node. */
export interface Seen { crashed: boolean, ends: CallEnd[][], rangFrom: number[], rangUntil: number[] }
export interface Outcome { caller: { crashed: boolean, ends: CallEnd[], endedAt: number }, callees: Seen[], finishedAt: number, reaches: string[], accepts: AcceptMode[] }

interface Timer { at: number, order: number, run: () => void, cancelled: boolean }
interface Packet { signal: Signal, from: Did, to: Did }

const POLICY = { ackTimeoutMs: 500, maxBackoffMs: 8_000 }
/** Nothing of a call may go on after this. */
const HORIZON_MS = 30 * 60_000

/** Runs a call among the real shells and machines over a simulated network, without cryptography. */
export async function simulate (plan: Plan): Promise<Outcome> {
  const random = createSeededRandom(plan.seed)
  const chance = (share: number): boolean => ((random(1)[0] ?? 0) + 0.5) / 256 < share
  const between = (max: number): number => (((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) / 65536) * max
  const timers: Timer[] = []
  let now = 0
  let order = 0
  const at = (delayMs: number, run: () => void): Timer => {
    const timer = { at: now + Math.max(0, delayMs), order: order++, run, cancelled: false }
    timers.push(timer)
    return timer
  }
  const dids = createDidBook()
  const didOf = (byte: number): Did => dids.did(new Uint8Array(32).fill(byte))
  const alice = didOf(1)
  const bob = didOf(2)
  const devices = plan.actions.map((_, index) => didOf(10 + index))
  const proxies = plan.proxy === undefined ? [] : [didOf(99)]
  const nodeDids = [didOf(3), ...devices, ...proxies]
  const list = { person: bob, devices: [...devices, ...proxies].map(device => ({ device, sealing: new Uint8Array(32), name: '', platform: '', roles: [device === proxies[0] ? 'proxy' : 'endpoint'], capabilities: [], added: 0 })) } as unknown as DeviceList
  const people = { list: async () => list } as unknown as People
  const nodes = new Map<Did, { receive(packet: Packet): void, alive: boolean }>()

  const transmit = (packet: Packet): void => {
    const arrive = (delayMs: number): void => { at(delayMs, () => { const node = nodes.get(packet.to); if (node?.alive === true) node.receive(packet) }) }
    if (!chance(plan.loss)) arrive(between(plan.delayMs))
    if (chance(plan.duplication)) arrive(between(plan.delayMs))
    if (chance(plan.replay)) arrive(between(10 * 60_000))
  }

  const createNode = (index: number, role: 'endpoint' | 'proxy'): { calls: Promise<Calls>, onOffer: (listener: Parameters<typeof createCalls>[1]['onOffer']) => void, alive: () => boolean } => {
    const did = nodeDids[index] ?? ''
    const skewMs = plan.skewsMs[index] ?? 0
    const node = { alive: true, receive (_packet: Packet) {} }
    nodes.set(did, node)
    const clock: Clock = {
      now: () => 1_700_000_000_000 + now + skewMs,
      monotonicNow: () => now,
      setTimer (run, delayMs) { const timer = at(delayMs, () => { if (node.alive) run() }); return () => { timer.cancelled = true } }
    }
    const { outbox, receive } = createSimulatedOutbox({ did, clock, random, transmit, dids })
    let listener: Parameters<typeof createCalls>[1]['onOffer'] = () => {}
    const calls = createCalls({ outbox, people, dids, clock, random, logger: silentLogger, self: did }, { role, timers: DEFAULT_TIMERS, onOffer: offer => { listener(offer) } })
    void calls.then(({ receive: dispatch }) => {
      const replays = createReplayWindow()
      const clocks = createPeerClocks({ clock })
      node.receive = packet => {
        const { signal } = packet
        if (signal.type === 'ack') { receive(packet); return }
        const sender = nodeDids.indexOf(packet.from)
        if (plan.clocksKnown) clocks.learn(packet.from, clock.now() - skewMs + (plan.skewsMs[sender] ?? 0), clock.now())
        const offsetMs = clocks.offset(packet.from)
        const stale = staleness(signal, { now: clock.now(), offsetMs, strict: signal.type === 'call.offer' })
        if (stale === 'outside-window' || (stale === 'expired' && signal.type !== 'call.leave')) return
        const verdict = replays.accept(packet.from, keyOf(signal.id), signal.seq, now)
        if (verdict !== 'new' && verdict !== 'duplicate') return
        const device = { device: packet.from, publicKey: signal.device, sealing: new Uint8Array(32) }
        const [from, to] = [dids.did(signal.from), dids.did(signal.to)]
        outbox.acknowledge({ call: new Uint8Array(signal.call), from: to, to: from, of: signal.id, device })
        if (verdict === 'new') dispatch({ signal, from, to, device, offsetMs })
      }
    })
    return { calls, onOffer (next) { listener = next }, alive: () => node.alive }
  }

  const caller = createNode(0, 'endpoint')
  const callees = [...plan.actions.map((_, index) => createNode(index + 1, 'endpoint')), ...proxies.map(() => createNode(plan.actions.length + 1, 'proxy'))]
  const outcome: Outcome = { caller: { crashed: false, ends: [], endedAt: Infinity }, callees: callees.map(() => ({ crashed: false, ends: [], rangFrom: [], rangUntil: [] })), finishedAt: 0, reaches: [], accepts: [] }
  callees.forEach((callee, index) => {
    const seen = outcome.callees[index]
    if (seen === undefined) return
    callee.onOffer(offer => {
      const ring = seen.ends.push([]) - 1
      seen.rangFrom.push(now)
      seen.rangUntil.push(Infinity)
      const stopRinging = (): void => { seen.rangUntil[ring] = Math.min(seen.rangUntil[ring] ?? Infinity, now) }
      offer.on('ended', end => { stopRinging(); seen.ends[ring]?.push(end) })
      const action = plan.actions[index]
      const afterMs = action?.afterMs ?? plan.proxy?.afterMs ?? 0
      at(afterMs, () => {
        if (!callee.alive() || (seen.ends[ring]?.length ?? 0) > 0) return
        if (action === undefined && plan.proxy?.captures === true) { stopRinging(); offer.accept({ mode: 'capture' }) }
        if (action?.what === 'accept') { stopRinging(); offer.accept({ mode: 'live' }) }
        if (action?.what === 'reject') offer.reject('declined')
        if (action?.what === 'unavailable') offer.reject('unavailable')
      })
    })
  })
  const { offer } = await caller.calls
  await Promise.all(callees.map(async ({ calls }) => await calls))
  const call: OutgoingCall = offer({ from: alice, to: bob, card: new Uint8Array([1]) })
  call.on('reach', reach => { outcome.reaches.push(reach) })
  call.on('accepted', ({ mode }) => { outcome.accepts.push(mode) })
  call.on('ended', end => { outcome.caller.ends.push(end); outcome.caller.endedAt = Math.min(outcome.caller.endedAt, now) })
  at(plan.callerLeavesMs, () => { if (caller.alive()) call.leave() })
  for (const { node, atMs } of plan.crashes) {
    at(atMs, () => {
      const crashed = nodes.get(nodeDids[node] ?? '')
      if (crashed === undefined) return
      crashed.alive = false
      const seen = node === 0 ? outcome.caller : outcome.callees[node - 1]
      if (seen !== undefined) seen.crashed = true
    })
  }
  // Only the first look at the device list is asynchronous.
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  while (timers.length > 0 && now < HORIZON_MS) {
    let next = 0
    for (let index = 1; index < timers.length; index++) {
      const [a, b] = [timers[index], timers[next]]
      if (a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order))) next = index
    }
    const [timer] = timers.splice(next, 1)
    if (timer === undefined || timer.cancelled) continue
    now = timer.at
    timer.run()
  }
  outcome.finishedAt = now
  return outcome
}

interface SimulatedOutbox { did: Did, clock: Clock, random: RandomBytes, transmit: (packet: Packet) => void, dids: ReturnType<typeof createDidBook> }

/** The real delivery machine, with packets instead of sealed bytes. */
function createSimulatedOutbox ({ did, clock, random, transmit, dids }: SimulatedOutbox): { outbox: Outbox, receive(packet: Packet): void } {
  interface Entry { state: DeliveryState, message: Message, signal: Signal, cancel?: () => void }
  const entries = new Map<string, Entry>()
  let seq = 0
  const build = (message: Pick<Message, 'content' | 'call' | 'from' | 'to' | 'lifetimeMs'>): Signal => ({
    v: 1, id: new Uint8Array(random(16)), call: message.call, from: dids.publicKey(message.from), device: dids.publicKey(did), to: dids.publicKey(message.to),
    seq: seq++, sentAt: Math.floor(clock.now()), expiresAt: Math.floor(clock.now()) + message.lifetimeMs, ...message.content
  })
  const input = (id: string, what: DeliveryInput): void => {
    const entry = entries.get(id)
    if (entry !== undefined) apply(id, entry, stepDelivery(entry.state, what, POLICY))
  }
  const apply = (id: string, entry: Entry, step: DeliveryStep): void => {
    entry.state = step.state
    for (const output of step.outputs) {
      if (output.type === 'send') for (const device of output.devices) transmit({ signal: entry.signal, from: did, to: device })
      if (output.type === 'timer') {
        entry.cancel?.()
        entry.cancel = setTimerAt(clock, output.at, () => { input(id, { type: 'timer', at: clock.monotonicNow(), jitter: (random(1)[0] ?? 0) / 255 }) })
      }
      if (output.type === 'delivered') entry.message.onDelivered?.(output.device)
      if (output.type === 'settled') {
        entry.cancel?.()
        entries.delete(id)
        entry.message.onSettled?.(output.outcome)
      }
    }
  }
  return {
    receive ({ signal, from }) { if (signal.type === 'ack') input(keyOf(signal.payload.of), { type: 'acknowledged', device: from }) },
    outbox: {
      send (message) {
        const signal = build(message)
        const id = keyOf(signal.id)
        const at = clock.monotonicNow()
        const step = startDelivery({ devices: message.devices.map(({ device }) => device), at, expiresAt: at + message.lifetimeMs, jitter: 0.5 }, POLICY)
        const entry: Entry = { state: step.state, message, signal }
        entries.set(id, entry)
        apply(id, entry, step)
        return { cancel (devices) { input(id, { type: 'cancel', ...(devices === undefined ? {} : { devices }) }) } }
      },
      acknowledge ({ call, from, to, of, device }) {
        transmit({ signal: build({ content: { type: 'ack', payload: { of: new Uint8Array(of) } }, call, from, to, lifetimeMs: 60_000 }), from: did, to: device.device })
      },
      awaits: () => true,
      acknowledged () {},
      opened () {},
      connected () {},
      flush: async () => {},
      stop () {}
    }
  }
}
