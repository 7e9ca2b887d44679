import { createSeededRandom, createVirtualClock } from '@parley/core'
import { createSigner, extendDeviceList, type Did } from '@parley/identity'
import { expect } from 'chai'
import { createPerson, type CastPerson } from '../cast.ts'
import { LIVE, createStage, peerOf, revoked, type Actor, type Stage } from './stage.ts'

describe('presence', function () {
  this.timeout(60_000)
  let stage: Stage
  let alice: CastPerson
  let bob: CastPerson
  let mallory: CastPerson

  before(async () => {
    const now = createVirtualClock().now()
    alice = await createPerson(1, { phone: ['endpoint'], proxy: ['proxy'] }, now)
    bob = await createPerson(2, { phone: ['endpoint'], laptop: ['endpoint'], proxy: ['proxy'], second: ['proxy'] }, now)
    mallory = await createPerson(3, { phone: ['endpoint'] }, now)
  })
  beforeEach(() => {
    stage = createStage()
    stage.allowed.add(`${alice.did} ${bob.did}`)
  })
  afterEach(async () => { await stage.stop() })

  const proxyUp = async (name = 'proxy', serves = (): Did[] => [bob.did]): Promise<Actor> => await stage.up(bob, name, { serves })
  const watching = async (more: Parameters<Stage['up']>[2] = {}, who = alice): Promise<Actor> => {
    const actor = await stage.up(who, 'phone', { knows: [bob], ...more })
    actor.presence.watch(bob.did)
    return actor
  }
  const reach = ({ presence }: Actor): string => presence.getReachability(bob.did).reach
  const devicesOf = ({ presence }: Actor): Did[] => presence.getReachability(bob.did).devices.map(({ device }) => device)
  const rest = async (durationMs: number): Promise<void> => { 
    const until = stage.clock.monotonicNow() + durationMs
    await stage.until(() => stage.clock.monotonicNow() >= until, { stepMs: 500 })
  }

  it('is unreachable while nobody answers, proxy-only with a proxy, and follows the device', async () => {
    const watcher = await watching()
    expect(watcher.presence.getReachability(bob.did)).to.include({ reach: 'unreachable' })
    expect(watcher.presence.getReachability(bob.did).from).to.deep.equal([])
    const proxy = await proxyUp()
    await stage.until(() => reach(watcher) === 'proxy-only', { stepMs: 50 })
    expect(watcher.presence.getReachability(bob.did).from).to.deep.equal([proxy.keys.did])
    const phone = await stage.up(bob, 'phone', { platform: 'mobile' })
    phone.presence.set({ availability: 'can-ring' })
    await stage.until(() => reach(watcher) === 'ringing-possible')
    phone.presence.set({ availability: 'live', declared: 'at my desk' })
    expect(phone.presence.state()).to.deep.equal({ availability: 'live', declared: 'at my desk' })
    await stage.until(() => reach(watcher) === 'live')
    expect(watcher.presence.getReachability(bob.did).devices).to.deep.equal([
      { device: phone.keys.did, platform: 'mobile', availability: 'live', doNotDisturb: false, declared: 'at my desk' }
    ])
    phone.presence.set({ availability: 'busy' })
    await stage.until(() => reach(watcher) === 'busy')
    phone.presence.set({ availability: 'can-ring', doNotDisturb: true })
    await stage.until(() => watcher.presence.getReachability(bob.did).devices[0]?.doNotDisturb === true)
    expect(reach(watcher)).to.equal('busy')
    phone.presence.set({ availability: 'live', hidden: true })
    await stage.until(() => reach(watcher) === 'proxy-only')
    expect(watcher.told.map(({ reachability }) => reachability.reach)).to.deep.equal(['proxy-only', 'ringing-possible', 'live', 'busy', 'busy', 'proxy-only'])
    expect([watcher, proxy, phone].map(({ presence }) => presence.refusals())).to.deep.equal([{}, {}, {}])
  })

  it('is at rest when nothing changes, for hours', async () => {
    const watcher = await watching()
    await proxyUp()
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    const { length } = watcher.told
    await stage.clock.advance(3 * 60 * 60_000)
    expect(watcher.told.length).to.equal(length)
    expect(reach(watcher)).to.equal('live')
  })

  it('takes the best of two devices, and the next best when one goes away', async () => {
    const watcher = await watching()
    await proxyUp()
    const phone = await stage.up(bob, 'phone', { platform: 'mobile' })
    const laptop = await stage.up(bob, 'laptop')
    phone.presence.set({ availability: 'can-ring' })
    laptop.presence.set(LIVE)
    await stage.until(() => devicesOf(watcher).length === 2 && reach(watcher) === 'live')
    expect(devicesOf(watcher)).to.deep.equal([phone.keys.did, laptop.keys.did].toSorted())
    let stopped = false
    void laptop.presence.stop().then(() => { stopped = true })
    await stage.until(() => reach(watcher) === 'ringing-possible')
    // The connection of the other one breaks.
    stage.networks.cut(phone.network.peerId, peerOf(bob, 'proxy'))
    await stage.until(() => stopped && reach(watcher) === 'proxy-only')
  })

  it('is unreachable at once when the proxy dies, and right again when it is back', async () => {
    const watcher = await watching()
    const proxy = await proxyUp()
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    const diedAt = stage.clock.monotonicNow()
    void proxy.presence.stop()
    await stage.until(() => reach(watcher) === 'unreachable')
    expect(stage.clock.monotonicNow() - diedAt).to.be.below(100)
    await rest(200_000)
    await stage.up(bob, 'proxy', { serves: () => [bob.did], network: proxy.network })
    const backAt = stage.clock.monotonicNow()
    await stage.until(() => reach(watcher) === 'live', { stepMs: 100 })
    // The watcher and the device each dial again within the longest pause, a half of it more at most.
    expect(stage.clock.monotonicNow() - backAt).to.be.below(95_000)
  })

  it('goes on with the second proxy when one dies', async () => {
    const watcher = await watching()
    const proxy = await proxyUp()
    await proxyUp('second')
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live' && watcher.presence.getReachability(bob.did).from.length === 2)
    void proxy.presence.stop()
    await stage.until(() => watcher.presence.getReachability(bob.did).from.length === 1)
    await rest(300_000)
    expect(new Set(watcher.told.slice(-2).map(({ reachability }) => reachability.reach))).to.deep.equal(new Set(['live']))
  })

  it('tells a stranger, and somebody who was blocked, what it tells of somebody who hides', async () => {
    const blocked = await watching()
    const stranger = await watching({}, mallory)
    await proxyUp()
    const phone = await stage.up(bob, 'phone', { knows: [alice, mallory] })
    phone.presence.set(LIVE)
    await stage.until(() => reach(blocked) === 'live' && reach(stranger) === 'proxy-only')
    stage.allowed.clear()
    await rest(61_000)
    const { since: _, ...ofBlocked } = blocked.presence.getReachability(bob.did)
    const { since: __, ...ofStranger } = stranger.presence.getReachability(bob.did)
    expect(ofBlocked).to.deep.equal(ofStranger)
    phone.presence.set({ ...LIVE, hidden: true })
    await rest(1_000)
    const { since: ___, ...ofHidden } = blocked.presence.getReachability(bob.did)
    expect(ofHidden).to.deep.equal(ofStranger)
    expect(stranger.told.map(({ reachability }) => reachability.reach)).to.deep.equal(['proxy-only'])
  })

  it('shows who was added to the contacts at once after refresh', async () => {
    stage.allowed.clear()
    const watcher = await watching()
    const proxy = await proxyUp()
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'proxy-only')
    stage.allowed.add(`${alice.did} ${bob.did}`)
    const at = stage.clock.monotonicNow()
    proxy.presence.refresh()
    await stage.until(() => reach(watcher) === 'live')
    expect(stage.clock.monotonicNow() - at).to.be.below(100)
  })

  it('hears a connected device without any proxy, and only while it is connected', async () => {
    const watcher = await watching()
    const phone = await stage.up(bob, 'phone', { knows: [alice] })
    phone.presence.set(LIVE)
    await rest(1_000)
    expect(reach(watcher)).to.equal('unreachable')
    await phone.network.connect({ peer: watcher.network.peerId, addresses: [`/memory/${watcher.network.peerId}`] })
    await stage.until(() => reach(watcher) === 'live')
    expect(watcher.presence.getReachability(bob.did).from).to.deep.equal([phone.keys.did])
    stage.networks.cut(phone.network.peerId, watcher.network.peerId)
    await stage.until(() => reach(watcher) === 'unreachable')
  })

  it('drops a revoked device at once', async () => {
    const watcher = await watching()
    const proxy = await proxyUp()
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    const bytes = await revoked(bob, await personSigner(2), 'phone', Math.floor(stage.clock.now()) - 1)
    await watcher.people.learnList(bytes)
    watcher.presence.refresh()
    await stage.until(() => reach(watcher) === 'proxy-only')
    await proxy.people.learnList(bytes)
    await rest(130_000)
    expect(reach(watcher)).to.equal('proxy-only')
    expect(proxy.presence.refusals()).to.have.property('UntrustedPresenceError')
  })

  it('is known by the list in its hello to a proxy that never met it', async () => {
    const watcher = await watching()
    const proxy = await proxyUp()
    expect(await proxy.people.list(alice.did)).to.equal(undefined)
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    expect((await proxy.people.list(alice.did))?.person).to.equal(alice.did)
    const stranger = await watching({}, mallory)
    await stage.until(() => reach(stranger) === 'proxy-only')
    expect(await proxy.people.list(mallory.did)).to.equal(undefined)
  })

  it('keeps one stream to a board for all its persons, and forgets whom it watches no more', async () => {
    await stage.up(bob, 'proxy', { serves: () => [bob.did, alice.did] })
    let opened = 0
    const node = await stage.networks.join(alice.devices.phone?.keys.seed ?? new Uint8Array())
    const network: Actor['network'] = { peerId: node.peerId, peers: () => node.peers(), on: node.on, handle: node.handle.bind(node), connect: node.connect.bind(node), open: async (...args) => { const stream = await node.open(...args); opened++; return stream } }
    const sharing = { ...alice, devices: { phone: alice.devices.phone, proxy: bob.devices.proxy } } as CastPerson
    const watcher = await stage.up(sharing, 'phone', { knows: [bob], network })
    await watcher.people.learnList((await personList(1, sharing)).bytes)
    const [first, second] = [watcher.presence.watch(bob.did), watcher.presence.watch(bob.did)]
    watcher.presence.watch(alice.did)
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live', { stepMs: 50 })
    expect(watcher.presence.getReachability(alice.did).reach).to.equal('proxy-only')
    expect(opened).to.equal(1)
    first()
    await rest(1_000)
    expect(reach(watcher)).to.equal('live')
    second()
    expect(reach(watcher)).to.equal('unreachable')
    const again = watcher.presence.watch(bob.did)
    await stage.until(() => reach(watcher) === 'live')
    again()
    again()
  })

  it('says at most a few times a second what the app says a thousand times', async () => {
    const watcher = await watching()
    const proxy = await proxyUp()
    const phone = await stage.up(bob, 'phone')
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    const { length } = watcher.told
    for (let turn = 0; turn < 1_000; turn++) phone.presence.set({ availability: turn % 2 === 0 ? 'busy' : 'can-ring' })
    phone.presence.set({ availability: 'busy' })
    await rest(2_000)
    expect(reach(watcher)).to.equal('busy')
    expect(watcher.told.length - length).to.be.at.most(3)
    expect(proxy.presence.refusals()).to.deep.equal({})
  })

  it('refuses a proxy that would tell of itself or watch, and a status of two lines', async () => {
    const proxy = await proxyUp()
    const phone = await stage.up(bob, 'phone')
    for (const wrong of [() => { proxy.presence.set(LIVE) }, () => { proxy.presence.watch(alice.did) }, () => { phone.presence.set({ availability: 'live', declared: 'two\nlines' }) }]) {
      let name = ''
      try { wrong() } catch (error) { name = (error as Error).name }
      expect(name).to.equal('InvalidArgumentError')
    }
  })
})

/** The list of a person who shares a proxy with somebody. */
async function personList (seed: number, { list, devices }: CastPerson): ReturnType<typeof extendDeviceList> {
  const proxy = devices.proxy?.keys
  if (proxy === undefined) throw new RangeError('no proxy')
  return await extendDeviceList(await personSigner(seed), list, {
    add: [{ device: proxy.did, sealing: proxy.sealing.publicKey, name: 'shared', platform: 'node', roles: ['proxy'], capabilities: [], added: 0 }]
  }, { at: list.issued + 1 })
}

async function personSigner (seed: number): ReturnType<typeof createSigner> {
  return await createSigner(createSeededRandom(seed)(32))
}
