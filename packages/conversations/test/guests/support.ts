import { createMemoryNetworks } from '@parley/compliance-tests'
import { silentLogger, type CID } from '@parley/core'
import { createContactCard, peerIdFromDid, publicKeyFromDid } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { createSync, type Conversation, type ConversationState } from '../../src/index.ts'
import { createWorld, type Somebody, type World } from '../log/world.ts'
import type { Peer } from '../sync/peers.ts'

/** A peer that keeps every frame it sent or was sent. */
export interface Watched extends Peer {
  frames: Uint8Array[]
}

/** A host, a participant and a guest, each with a proxy without keys; the participant's side knows nobody by chance. */
export interface Party {
  world: World
  alice: Watched
  /** Another device of the host. */
  tablet: Watched
  bob: Watched
  carol: Watched
  aliceProxy: Watched
  bobProxy: Watched
  carolProxy: Watched
  /** Made by the host, with the participant. */
  id: CID
  open(peer: Peer, id?: CID): Promise<Conversation>
  say(peer: Peer, body: string): Promise<void>
  state(peer: Peer, id?: CID): Promise<ConversationState>
  /** Returns the bodies of the messages that a peer reads. */
  bodies(peer: Peer): Promise<string[]>
  /** Brings all there is between two, both ways. */
  meet(a: Peer, b: Peer): Promise<void>
  /** Gives the hands of the host time to hand keys on. */
  settled(...peers: Peer[]): Promise<void>
  /** A peer that nobody was told of. */
  stranger(name: string): Promise<Watched>
  stop(): Promise<void>
}

export async function createParty (seed = 1): Promise<Party> {
  const world = createWorld(seed)
  const networks = createMemoryNetworks()
  const all: Watched[] = []
  const peer = async (who: Somebody, { serves, without = [] }: { serves?: Somebody, without?: Somebody[] } = {}): Promise<Watched> => {
    const replica = await world.replica(who, { keyless: serves !== undefined, without })
    const frames: Uint8Array[] = []
    const joined = await networks.join(who.device.seed)
    const network = watched(joined, frames)
    const sync = await createSync({ network, conversations: replica.conversations, people: replica.people, device: who.device, ...serves === undefined ? { person: who.did } : {}, logger: silentLogger, clock: world.clock }, serves === undefined ? {} : { serves: () => [serves.did] })
    const made = { ...replica, network, sync, frames, target: { peer: joined.peerId, addresses: joined.addresses() } }
    all.push(made)
    return made
  }
  const [a, b, c] = [await world.somebody('Alice'), await world.somebody('Bob'), await world.somebody('Carol')]
  const a2 = await world.device(a)
  const [ap, bp, cp] = [await world.device(a, ['proxy']), await world.device(b, ['proxy']), await world.device(c, ['proxy'])]
  const alice = await peer(a)
  const tablet = await peer(a2)
  const aliceProxy = await peer(ap, { serves: a })
  const carol = await peer(c)
  const carolProxy = await peer(cp, { serves: c })
  const bob = await peer(b, { without: [c] })
  const bobProxy = await peer(bp, { serves: b, without: [c] })
  // Cards go along with hellos; whoever has one tells it.
  const cards = await Promise.all([alice, bob, carol].map(async ({ who, people }) => {
    const list = await people.list(who.did) ?? who.list
    return { did: who.did, bytes: (await createContactCard(who.device.signer, { list, routes: [], issued: world.clock.now(), expires: world.clock.now() + 1e9 })).bytes }
  }))
  for (const one of all) {
    for (const { did, bytes } of cards) if (did !== c.did || (one !== bob && one !== bobProxy)) await one.people.learnCard(bytes)
  }
  const { id } = await alice.conversations.create({ subject: 'plans', participants: [b.did] })
  const open: Party['open'] = async ({ conversations }, of = id) => await conversations.open(of)
  const state: Party['state'] = async (at, of) => await (await open(at, of)).state()
  return {
    world,
    alice,
    tablet,
    bob,
    carol,
    aliceProxy,
    bobProxy,
    carolProxy,
    id,
    open,
    state,
    async say (at, body) {
      await world.clock.advance(1)
      await (await open(at)).say({ body })
    },
    bodies: async at => (await state(at)).messages.map(({ body = '' }) => body),
    async meet (from, to) { await from.sync.syncAll(to.target) },
    async settled (...peers) {
      await world.clock.advance(5000)
      for (const { conversations } of peers) await conversations.keepKeys()
    },
    stranger: async name => await peer(await world.somebody(name)),
    async stop () {
      for (const { sync } of all) await sync.stop()
      for (const { conversations } of all) await conversations.stop()
      await networks.stop()
    }
  }
}

function watched (network: Network, frames: Uint8Array[]): Network {
  const wrap = (stream: FrameStream): FrameStream => ({
    peer: stream.peer,
    protocol: stream.protocol,
    signal: stream.signal,
    async send (frame, options) {
      frames.push(frame.slice())
      await stream.send(frame, options)
    },
    async receive (options) {
      const frame = await stream.receive(options)
      if (frame !== undefined) frames.push(frame.slice())
      return frame
    },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    close: async () => { await stream.close() },
    abort (error) { stream.abort(error) }
  })
  return Object.assign(Object.create(network) as Network, {
    peerId: network.peerId,
    handle: async (...[protocol, run, init]: Parameters<Network['handle']>) => await network.handle(protocol, async stream => { await run(wrap(stream)) }, init),
    open: async (...args: Parameters<Network['open']>) => wrap(await network.open(...args))
  })
}

/** Returns everything on a disk. */
export async function diskOf ({ store }: Peer): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  for await (const { key, value } of store.entries('/')) found.push(new TextEncoder().encode(key), value)
  for await (const { bytes } of store.blockstore.getAll()) for await (const part of bytes) found.push(part)
  return found
}

/** Tells which marks of people are in some bytes: their keys, those of their devices, as bytes and as text. */
export function tracesOf (people: Somebody[], bytes: Uint8Array[]): string[] {
  const marks = people.flatMap(({ did, device }) => [did, device.did].flatMap(one => [
    { name: one, bytes: Buffer.from(publicKeyFromDid(one)) },
    { name: one, bytes: Buffer.from(one.replace('did:key:', '')) },
    { name: one, bytes: Buffer.from(peerIdFromDid(one)) },
    { name: one, bytes: Buffer.from(Buffer.from(publicKeyFromDid(one)).toString('hex')) }
  ]))
  const buffers = bytes.map(one => Buffer.from(one))
  return [...new Set(marks.filter(mark => buffers.some(one => one.includes(mark.bytes))).map(({ name }) => name))]
}

export async function idsOf ({ conversations }: Peer, withHomes = false): Promise<string[]> {
  const ids: string[] = []
  for await (const id of conversations.ids({ withHomes })) ids.push(id.toString())
  return ids.sort()
}

/** Returns the guest logs here. */
export async function guestLogsOf (peer: Pick<Peer, 'store'>): Promise<string[]> {
  const marks: string[] = []
  for await (const { key } of peer.store.entries('/guests/')) marks.push(key.split('/').at(-1) ?? '')
  return [...new Set(marks)].sort()
}

/** Returns how many actions of a log are here. */
export async function sizeOf ({ conversations }: Peer, id: CID): Promise<number> {
  return (await conversations.holder(id).frontier()).reduce((sum, { seq }) => sum + seq + 1, 0)
}

/** Brings everything from the host to the guest by their proxies. */
export async function passOn ({ alice, aliceProxy, carolProxy, carol, meet }: Party): Promise<void> {
  await meet(alice, aliceProxy)
  await meet(aliceProxy, carolProxy)
  await meet(carol, carolProxy)
}
