import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { silentLogger, type AbortOptions, type CID } from '@parley/core'
import { createContactCard, type Did } from '@parley/identity'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import { createSync, type Sync, type SyncInit } from '../../src/index.ts'
import { createWorld, type Replica, type Somebody, type World } from '../log/world.ts'

/** A replica on a network, with its sync. */
export interface Peer extends Replica {
  network: Network
  sync: Sync
  target: PeerTarget
}

export interface Peers {
  world: World
  networks: MemoryNetworks
  peer(who: Somebody, options?: { serves?: Did[], without?: Somebody[], live?: boolean, onSent?: (frame: Uint8Array) => void }): Promise<Peer>
  /** Lets a peer know its own contact card, as a node does that shows it. */
  card(peer: Peer): Promise<void>
  stop(): Promise<void>
}

/** Creates peers that find each other in memory; one that `serves` is a keyless holder. */
export function createPeers (seed = 1): Peers {
  const world = createWorld(seed)
  const networks = createMemoryNetworks()
  const syncs: Sync[] = []
  return {
    world,
    networks,
    async peer (who, { serves, without = [], live, onSent } = {}) {
      const replica = await world.replica(who, { keyless: serves !== undefined, without })
      const joined = await networks.join(who.device.seed)
      const network = onSent === undefined ? joined : tapped(joined, onSent)
      const init: SyncInit = { live, ...serves === undefined ? {} : { serves: () => serves } }
      const sync = await createSync({ network, conversations: replica.conversations, people: replica.people, device: who.device, ...serves === undefined ? { person: who.did } : {}, logger: silentLogger, clock: world.clock }, init)
      syncs.push(sync)
      return { ...replica, network, sync, target: { peer: network.peerId, addresses: network.addresses() } }
    },
    async card ({ who, people }) {
      const list = await people.list(who.did) ?? who.list
      const card = await createContactCard(who.device.signer, { list, routes: [], issued: world.clock.now(), expires: world.clock.now() + 1000 })
      await people.learnCard(card.bytes)
    },
    async stop () {
      await Promise.all(syncs.map(async sync => { await sync.stop() }))
      await networks.stop()
    }
  }
}

/** Returns everything a replica shows of a conversation's log, to compare two. */
export async function logOf ({ conversations }: Replica, id: CID): Promise<string[]> {
  const frontier = await conversations.holder(id).frontier()
  return frontier.map(({ author, seq, cid }) => `${String(author)} ${seq} ${cid.toString()}`).sort()
}

/** Writes `count` messages. */
export async function write ({ conversations, world }: Replica & { world: World }, id: CID, count: number): Promise<void> {
  const conversation = await conversations.open(id)
  await conversation.appendAll(Array.from({ length: count }, () => ({ verb: 'add', thing: 'message', message: new Uint8Array(world.random(16)), body: 'a few words' } as const)))
}

/** A stream of which somebody hears before each frame goes out, and after each came in. */
function watched (stream: FrameStream, { onSend, onReceived }: { onSend?: (frame: Uint8Array) => void, onReceived?: () => void }): FrameStream {
  return {
    peer: stream.peer,
    protocol: stream.protocol,
    signal: stream.signal,
    async send (frame: Uint8Array, options?: AbortOptions) {
      onSend?.(frame)
      await stream.send(frame, options)
    },
    async receive (options?: AbortOptions) {
      const frame = await stream.receive(options)
      if (frame !== undefined) onReceived?.()
      return frame
    },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    close: async () => { await stream.close() },
    abort (error) { stream.abort(error) }
  }
}

/** A network that tells of every frame that goes out. */
export function tapped (network: Network, onSent: (frame: Uint8Array) => void): Network {
  const wrap = (stream: FrameStream): FrameStream => watched(stream, { onSend: frame => { onSent(frame.slice()) } })
  return Object.assign(Object.create(network) as Network, {
    peerId: network.peerId,
    addresses: () => network.addresses(),
    handle: async (...[protocol, handler, options]: Parameters<Network['handle']>) => await network.handle(protocol, async stream => { await handler(wrap(stream)) }, options),
    open: async (...args: Parameters<Network['open']>) => wrap(await network.open(...args))
  })
}

/** A network whose streams break after `frames` more frames in both directions together. */
export function fragile (network: Network, frames: number): Network {
  let left = frames
  const wrap = (stream: FrameStream): FrameStream => {
    const spend = (): void => {
      if (left-- <= 0) stream.abort(new Error('the cable was cut'))
    }
    return watched(stream, { onSend: spend, onReceived: spend })
  }
  return Object.assign(Object.create(network) as Network, {
    peerId: network.peerId,
    handle: async () => async () => {},
    open: async (...args: Parameters<Network['open']>) => wrap(await network.open(...args))
  })
}
