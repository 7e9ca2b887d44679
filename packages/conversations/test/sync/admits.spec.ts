import { createMemoryNetworks } from '@parley/compliance-tests'
import { silentLogger, type AbortOptions, type CID } from '@parley/core'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import { expect } from 'chai'
import { createSync, type Admits, type Sync, type SyncQuestion } from '../../src/index.ts'
import { createWorld, nameOfRejection, type Replica, type Somebody, type World } from '../log/world.ts'

interface Peer extends Replica { sync: Sync, target: PeerTarget, heard: string[] }

describe('a node whose owner decides who is admitted', () => {
  let world: World
  let networks: ReturnType<typeof createMemoryNetworks>
  const syncs: Sync[] = []
  let alice: Peer
  let holder: Peer
  let bob: Somebody
  let asked: SyncQuestion[]
  let admits: Admits

  const join = async (who: Somebody, init: { serves?: string[], admits?: Admits } = {}): Promise<Peer> => {
    const replica = await world.replica(who, { keyless: init.serves !== undefined })
    const heard: string[] = []
    const network = listened(await networks.join(who.device.seed), heard)
    const { serves, admits } = init
    const sync = await createSync({ network, conversations: replica.conversations, people: replica.people, device: who.device, ...serves === undefined ? { person: who.did } : {}, logger: silentLogger, clock: world.clock },
      { admits, ...serves === undefined ? {} : { serves: () => serves } })
    syncs.push(sync)
    return { ...replica, sync, heard, target: { peer: network.peerId, addresses: network.addresses() } }
  }

  beforeEach(async () => {
    world = createWorld()
    networks = createMemoryNetworks()
    asked = []
    admits = async () => ({ ok: true })
    const someone = await world.somebody('Alice')
    bob = await world.somebody('Bob')
    const proxy = await world.device(bob, ['proxy'])
    alice = await join(someone)
    holder = await join(proxy, { serves: [bob.did], admits: async question => { asked.push(question); return await admits(question) } })
  })
  afterEach(async () => {
    await Promise.all(syncs.splice(0).map(async sync => { await sync.stop() }))
    await networks.stop()
  })

  const create = async (by: Replica = alice): Promise<CID> => (await by.conversations.create({ subject: 'lunch', participants: [bob.did] })).id

  it('is asked about what it does not have with the people of its first blocks, then about each further batch', async () => {
    const id = await create()
    await alice.sync.sync(id, holder.target)
    expect(asked.map(({ held, persons, access }) => ({ held, persons, access: [...access].sort() }))).to.deep.equal([{ held: false, persons: [alice.who.did], access: [alice.who.did, bob.did].sort() }])
    expect(asked[0]?.blocks).to.be.greaterThan(1)
    expect(asked[0]?.sizeBytes).to.be.greaterThan(100)
    await (await alice.conversations.open(id)).append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'now' })
    await alice.sync.sync(id, holder.target)
    expect(asked.slice(1).map(({ held, blocks }) => [held, blocks])).to.deep.equal([[true, 0], [true, 1]])
  })

  it('says why it takes no more, and stores nothing', async () => {
    admits = async () => ({ ok: false, reason: 'one is enough' })
    const id = await create()
    const failure = await alice.sync.sync(id, holder.target).catch((error: unknown) => error as Error)
    expect(failure).to.include({ name: 'NotAllowedError', message: 'one is enough' })
    expect(await holder.conversations.holder(id).exists()).to.equal(false)
  })

  it('looks the same, frame by frame, to whom all is hidden and to whom nothing is here', async () => {
    const [here, unknown] = [await create(), await create()]
    await alice.sync.sync(here, holder.target)
    const refused = async (id: CID): Promise<{ frames: string[], error: unknown }> => {
      await (await alice.conversations.open(id)).append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'now' })
      alice.heard.length = 0
      const error = await alice.sync.sync(id, holder.target).catch((failure: unknown) => failure as Error)
      return { frames: [...alice.heard], error: error instanceof Error ? [error.name, error.message] : error }
    }
    admits = async () => ({ ok: false, unknown: true })
    const before = await holder.conversations.holder(here).frontier()
    const [hidden, absent] = [await refused(here), await refused(unknown)]
    expect(hidden).to.deep.equal(absent)
    expect(hidden.error).to.deep.equal(['NotAllowedError', 'nobody whom the asked device answers for may see this conversation'])
    expect(await holder.conversations.holder(here).frontier()).to.deep.equal(before)
  })

  it('lists nothing that is hidden, and does not bring it by itself', async () => {
    const id = await create()
    await alice.sync.sync(id, holder.target)
    admits = async () => ({ ok: false, unknown: true })
    alice.heard.length = 0
    const { outcomes } = await alice.sync.syncAll(holder.target)
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([false])
    expect(await nameOfRejection(holder.sync.sync(id, alice.target))).to.equal('NotAllowedError')
  })

  it('ends a live sync with the next action of whom it does not admit any more', async () => {
    const id = await create()
    const stop = new AbortController()
    const live = alice.sync.sync(id, holder.target, { live: true, signal: stop.signal })
    await new Promise<void>(resolve => { alice.sync.on('current', () => { resolve() }) })
    admits = async () => ({ ok: false, unknown: true })
    await (await alice.conversations.open(id)).append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'now' })
    expect(await nameOfRejection(live)).to.equal('NotAllowedError')
  })
})

/** Writes down the sizes of the frames that come on streams it opened. */
function listened (network: Network, heard: string[]): Network {
  const wrap = (stream: FrameStream): FrameStream => ({
    peer: stream.peer,
    protocol: stream.protocol,
    signal: stream.signal,
    send: async (frame: Uint8Array, options?: AbortOptions) => { await stream.send(frame, options) },
    async receive (options?: AbortOptions) {
      const frame = await stream.receive(options)
      heard.push(String(frame?.byteLength))
      return frame
    },
    close: async () => { await stream.close() },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    abort (error) { stream.abort(error) }
  })
  return Object.assign(Object.create(network) as Network, {
    peerId: network.peerId,
    addresses: () => network.addresses(),
    handle: async (...args: Parameters<Network['handle']>) => await network.handle(...args),
    open: async (...args: Parameters<Network['open']>) => wrap(await network.open(...args))
  })
}
