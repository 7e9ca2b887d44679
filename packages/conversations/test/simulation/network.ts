import { createEmitter, silentLogger } from '@parley/core'
import { peerIdFromDid, type Did } from '@parley/identity'
import { PeerUnreachableError, type FrameStream, type Network, type NetworkEvents } from '@parley/network'
import type { Choices } from './choices.ts'
import { createStreamPair, type StreamPair } from './stream-pair.ts'
import type { Timeline } from './timeline.ts'

/** What goes wrong on the way; the rest of the time it takes its time. */
export interface Weather {
  /** Streams of a hundred that break while frames are under way. */
  breakPercent: number
  /** Milliseconds a frame takes at most. */
  latencyMs: number
  /** Writes of a hundred for which a disk takes its time. */
  slowPercent: number
  /** Whether all clocks tell the same. */
  areClocksRight: boolean
}

/** The network of a simulated world: who reaches whom, and how well. */
export interface SimulatedNetwork {
  weather: Weather
  /** Adds a process of a device; the one before it is gone. */
  join(device: Did): Network
  /** Breaks all streams of a device and lets nobody reach it until it joins again. */
  leave(device: Did): void
  /** Divides the devices into groups that do not reach each other; whoever is in none reaches nobody. */
  divide(groups: Did[][]): void
  heal(): void
  reaches(a: Did, b: Did): boolean
}

export function createSimulatedNetwork ({ timeline, choices }: { timeline: Timeline, choices: Choices }, init: { weather: Weather }): SimulatedNetwork {
  const handlers = new Map<string, Map<string, (stream: FrameStream) => Promise<void>>>()
  let pairs: Array<{ peers: [string, string], pair: StreamPair }> = []
  let groups: Array<Set<string>> | undefined
  const isJoined = (peer: string): boolean => handlers.has(peer)
  const reach = (a: string, b: string): boolean => isJoined(a) && isJoined(b) && (groups === undefined || groups.some(group => group.has(a) && group.has(b)))
  const cutUnreachable = (): void => {
    for (const { peers: [a, b], pair } of pairs) {
      if (!reach(a, b)) pair.cut()
    }
    pairs = pairs.filter(({ peers: [a, b] }) => reach(a, b))
  }
  const world: SimulatedNetwork = {
    weather: init.weather,
    join (device) {
      const own = peerIdFromDid(device)
      const mine = new Map<string, (stream: FrameStream) => Promise<void>>()
      handlers.set(own, mine)
      const network = {
        ...createEmitter<NetworkEvents>(silentLogger),
        peerId: own,
        addresses: () => [],
        async open ({ peer }: { peer: string }, protocol: string): Promise<FrameStream> {
          if (handlers.get(own) !== mine || !reach(own, peer)) throw new PeerUnreachableError(peer, [])
          const { breakPercent, latencyMs } = world.weather
          const pair = createStreamPair(timeline, { peers: [own, peer], protocol, latencyMs: () => choices.between(0, latencyMs), breaksAfter: choices.percent(breakPercent) ? choices.below(8) : undefined })
          pairs.push({ peers: [own, peer], pair })
          timeline.after(choices.between(0, latencyMs), () => {
            const handler = handlers.get(peer)?.get(protocol)
            if (handler === undefined) pair.cut()
            else handler(pair.ends[1]).catch(() => { pair.cut() })
          })
          return pair.ends[0]
        },
        async handle (protocol: string, handler: (stream: FrameStream) => Promise<void>) {
          mine.set(protocol, handler)
          return async () => { mine.delete(protocol) }
        }
      }
      return network as unknown as Network
    },
    leave (device) {
      handlers.delete(peerIdFromDid(device))
      cutUnreachable()
    },
    divide (parts) {
      groups = parts.map(part => new Set(part.map(peerIdFromDid)))
      cutUnreachable()
    },
    heal () { groups = undefined },
    reaches: (a, b) => reach(peerIdFromDid(a), peerIdFromDid(b))
  }
  return world
}
