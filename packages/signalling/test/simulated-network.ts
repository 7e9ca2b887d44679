import { InvalidArgumentError, createEmitter, silentLogger, type Clock, type RandomBytes } from '@parley/core'
import { PeerUnreachableError, StreamClosedError, type FrameStream, type Network, type NetworkEvents, type TopicMessage } from '@parley/network'

/** What goes wrong between the nodes of a simulated network, and may be changed at any time. */
export interface Weather {
  /** Share of topic messages that get lost. */
  topicLoss: number
  /** Whether streams can be opened and carry anything. */
  streams: 'up' | 'down' | 'black-hole'
  delayMs: number
}

export interface SimulatedNetworks {
  readonly weather: Weather
  /** Every topic message that was published, for replaying. */
  readonly published: Array<{ topic: string, data: Uint8Array }>
  join(peerId: string): Network
  /** Delivers a topic message as if somebody had published it. */
  inject(topic: string, data: Uint8Array): void
  /** Cuts a node off for good, as `kill -9` would. */
  kill(peerId: string): void
}

type Handler = (stream: FrameStream) => Promise<void>
interface Node { handlers: Map<string, Handler>, listeners: Map<string, Set<(message: TopicMessage) => void>>, streams: Set<End>, alive: boolean }

/** Networks in one process whose weather is under control; deliveries take `delayMs` of the clock. */
export function createSimulatedNetworks ({ clock, random }: { clock: Clock, random: RandomBytes }): SimulatedNetworks {
  const weather: Weather = { topicLoss: 0, streams: 'up', delayMs: 1 }
  const nodes = new Map<string, Node>()
  const published: Array<{ topic: string, data: Uint8Array }> = []
  const deliver = (topic: string, data: Uint8Array, from: string): number => {
    let recipients = 0
    for (const [peer, node] of nodes) {
      if (peer === from || !node.alive) continue
      for (const listener of node.listeners.get(topic) ?? []) {
        recipients++
        if ((random(1)[0] ?? 0) / 256 < weather.topicLoss) continue
        clock.setTimer(() => { if (node.alive) listener({ data: data.slice(), from }) }, weather.delayMs)
      }
    }
    return recipients
  }
  return {
    weather,
    published,
    inject (topic, data) { deliver(topic, data, 'nobody') },
    kill (peerId) {
      const node = nodes.get(peerId)
      if (node === undefined) return
      node.alive = false
      for (const end of node.streams) end.break('killed')
    },
    join (peerId) {
      const node: Node = { handlers: new Map(), listeners: new Map(), streams: new Set(), alive: true }
      nodes.set(peerId, node)
      const emitter = createEmitter<NetworkEvents>(silentLogger)
      return {
        peerId,
        addresses: () => [`/memory/1/p2p/${peerId}`],
        connect: async () => {},
        disconnect: () => {},
        async open ({ peer }, protocol) {
          const other = nodes.get(peer)
          const handler = other?.handlers.get(protocol)
          if (weather.streams === 'down' || other === undefined || !other.alive || !node.alive || handler === undefined) throw new PeerUnreachableError(peer, [])
          const [near, far] = createPair({ clock, weather }, protocol, peerId, peer)
          node.streams.add(near)
          other.streams.add(far)
          handler(far.stream).then(async () => { await far.stream.close() }, (error: unknown) => { far.stream.abort(error as Error) })
          return near.stream
        },
        async handle (protocol, handler) {
          node.handlers.set(protocol, handler)
          return async () => { node.handlers.delete(protocol) }
        },
        topics: {
          subscribe (topic, listener) {
            const listeners = node.listeners.get(topic) ?? new Set()
            node.listeners.set(topic, listeners.add(listener))
            return () => { listeners.delete(listener) }
          },
          async publish (topic, data) {
            if (!node.alive) return { recipients: 0 }
            published.push({ topic, data: data.slice() })
            return { recipients: deliver(topic, data, peerId) }
          },
          subscribers: topic => [...nodes].flatMap(([peer, { listeners }]) => (listeners.get(topic)?.size ?? 0) > 0 && peer !== peerId ? [peer] : [])
        },
        blocks: { async get () { throw new InvalidArgumentError('there are no blocks here') } },
        peers: () => [],
        on: emitter.on,
        stop: async () => { node.alive = false }
      }
    }
  }
}

interface End { stream: FrameStream, break(reason: string): void, take(frame: Uint8Array | undefined): void }

function createPair ({ clock, weather }: { clock: Clock, weather: Weather }, protocol: string, dialler: string, listener: string): [End, End] {
  const ends: End[] = []
  const createEnd = (peer: string, other: () => End | undefined): End => {
    const controller = new AbortController()
    const frames: Array<Uint8Array | undefined> = []
    let wake = (): void => {}
    const receive = async (): Promise<Uint8Array | undefined> => {
      for (;;) {
        if (frames.length > 0) return frames.shift()
        if (controller.signal.aborted) throw new StreamClosedError(protocol, 'broken')
        await new Promise<void>(resolve => { wake = resolve })
      }
    }
    const post = (frame: Uint8Array | undefined): void => {
      if (weather.streams === 'up') clock.setTimer(() => { other()?.take(frame) }, weather.delayMs)
    }
    const end: End = {
      take (frame) { frames.push(frame); wake() },
      break (reason) { if (!controller.signal.aborted) controller.abort(new StreamClosedError(protocol, reason)); wake() },
      stream: {
        peer,
        protocol,
        signal: controller.signal,
        async send (frame) {
          if (controller.signal.aborted) throw new StreamClosedError(protocol, 'closed')
          post(frame.slice())
        },
        receive,
        async * [Symbol.asyncIterator] () {
          for (let frame = await receive(); frame !== undefined; frame = await receive()) yield frame
        },
        async close () { if (!controller.signal.aborted) post(undefined) },
        abort (error) { end.break(error.message); other()?.break('aborted by the other end') }
      }
    }
    return end
  }
  const near: End = createEnd(listener, () => ends[1])
  const far: End = createEnd(dialler, () => ends[0])
  ends.push(near, far)
  return [near, far]
}
