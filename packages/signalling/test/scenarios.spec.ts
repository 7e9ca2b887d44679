import { createSeededRandom, createVirtualClock, type VirtualClock } from '@parley/core'
import { peerIdFromDid } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { inboxTopic, type CallEnd, type OutgoingCall } from '../src/index.ts'
import { createPerson, followCall, offers, start, until, type CastPerson, type Running } from './cast.ts'
import { createSimulatedNetworks, type SimulatedNetworks } from './simulated-network.ts'

describe('a call between devices', function () {
  this.timeout(20_000)
  let clock: VirtualClock
  let networks: SimulatedNetworks
  let alice: CastPerson
  let bob: CastPerson
  let running: Running[]

  before(async () => {
    const now = createVirtualClock().now()
    alice = await createPerson(1, { phone: ['endpoint'] }, now)
    bob = await createPerson(2, { phone: ['endpoint'], laptop: ['endpoint'], proxy: ['proxy'] }, now)
  })

  beforeEach(() => {
    clock = createVirtualClock()
    networks = createSimulatedNetworks({ clock, random: createSeededRandom(7) })
    running = []
  })

  afterEach(async () => {
    const stopped = Promise.all(running.map(async ({ signalling }) => { await signalling.stop() }))
    let done = false
    void stopped.then(() => { done = true })
    await until(clock, () => done)
  })

  const up = async (person: CastPerson, device: string, more: Partial<Parameters<typeof start>[1]> = {}): Promise<Running> => {
    const knows = person === alice ? [bob] : []
    const it = await start({ networks, clock }, { person, device, knows, ...more })
    running.push(it)
    return it
  }

  const follow = (call: OutgoingCall): { told: string[], ends: CallEnd[] } => followCall(call, { bob: bob.did })

  it('tells proxy-only before the capture begins when only the proxy is there, and ends stored', async () => {
    const caller = await up(alice, 'phone')
    const proxy = await up(bob, 'proxy', { serves: () => [bob.did] })
    proxy.signalling.on('offer', offer => { offer.accept({ mode: 'capture' }) })
    const rang = offers(proxy)
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    const { told, ends } = follow(call)
    await until(clock, () => told.length === 2)
    expect(told).to.deep.equal(['proxy-only', 'capture for bob'])
    call.leave()
    await until(clock, () => rang[0]?.ends.length === 1)
    expect(ends).to.deep.equal([{ status: 'stored', reason: 'stored', by: 'us' }])
    expect(rang[0]?.ends[0]?.status).to.equal('stored')
    expect(rang[0]?.offer).to.include({ call: call.call, from: alice.did, device: caller.device.did, to: bob.did })
    expect(caller.signalling.refusals()).to.deep.equal({})
    expect(proxy.signalling.refusals()).to.deep.equal({})
  })

  it('hands a captured call to the device that accepts, and sends everybody else away', async () => {
    const caller = await up(alice, 'phone')
    const proxy = await up(bob, 'proxy', { serves: () => [bob.did] })
    const phone = await up(bob, 'phone')
    const laptop = await up(bob, 'laptop')
    proxy.signalling.on('offer', offer => { offer.accept({ mode: 'capture' }) })
    const [atProxy, atPhone, atLaptop] = [offers(proxy), offers(phone), offers(laptop)]
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    const { told, ends } = follow(call)
    await until(clock, () => told.includes('ringing') && told.includes('capture for bob') && atLaptop.length === 1)
    let confirmed = 0
    atPhone[0]?.offer.on('confirmed', () => { confirmed++ })
    atPhone[0]?.offer.accept({ mode: 'live' })
    await until(clock, () => atProxy[0]?.ends.length === 1 && atLaptop[0]?.ends.length === 1 && confirmed === 1)
    expect(told.slice(-2)).to.deep.equal(['live', 'live'])
    expect(atProxy[0]?.ends[0]).to.deep.equal({ status: 'completed', reason: 'taken-over', by: 'them' })
    expect(atLaptop[0]?.ends[0]).to.deep.equal({ status: 'cancelled', reason: 'answered-elsewhere', by: 'them' })
    // Longer than it takes to miss a device that is gone.
    await until(clock, () => clock.monotonicNow() > 120_000, { stepMs: 250 })
    expect(ends).to.deep.equal([])
    call.leave()
    await until(clock, () => atPhone[0]?.ends.length === 1)
    expect([ends[0]?.status, atPhone[0]?.ends[0]?.status]).to.deep.equal(['completed', 'completed'])
  })

  it('says unreachable, and ends with no-answer when nobody is there until the offer expires', async () => {
    const caller = await up(alice, 'phone')
    const { told, ends } = follow(caller.signalling.offer({ to: bob.did, card: alice.card }))
    await until(clock, () => ends.length === 1, { stepMs: 100 })
    expect(told).to.deep.equal(['unreachable', 'no-answer'])
    expect(ends[0]).to.deep.equal({ status: 'no-answer', reason: 'no-answer', by: 'time' })
    expect(clock.monotonicNow()).to.be.within(60_000, 61_000)
  })

  it('rings a device that comes up while the offer lasts', async () => {
    const caller = await up(alice, 'phone')
    const { told } = follow(caller.signalling.offer({ to: bob.did, card: alice.card }))
    await until(clock, () => told.includes('unreachable'), { stepMs: 50 })
    const rang = offers(await up(bob, 'phone'))
    await until(clock, () => rang.length === 1 && told.includes('ringing'), { stepMs: 20 })
    expect(told).to.deep.equal(['unreachable', 'ringing'])
  })

  for (const [what, weather] of [
    ['no direct stream can be opened', { streams: 'down' }],
    ['direct streams swallow everything', { streams: 'black-hole' }],
    ['the topic loses everything', { topicLoss: 1 }]
  ] as const) {
    it(`gets through when ${what}`, async () => {
      Object.assign(networks.weather, weather)
      const caller = await up(alice, 'phone')
      const phone = await up(bob, 'phone')
      const rang = offers(phone)
      const call = caller.signalling.offer({ to: bob.did, card: alice.card })
      const { told, ends } = follow(call)
      await until(clock, () => rang.length === 1)
      rang[0]?.offer.accept({ mode: 'live' })
      await until(clock, () => told.includes('live') && call.reach() === 'live')
      call.leave()
      await until(clock, () => rang[0]?.ends.length === 1)
      expect([ends[0]?.status, rang[0]?.ends[0]?.status]).to.deep.equal(['completed', 'completed'])
    })
  }

  it('moves to a new stream when the open one goes silent', async () => {
    const caller = await up(alice, 'phone')
    const phone = await up(bob, 'phone')
    const rang = offers(phone)
    networks.weather.topicLoss = 1
    let opened = 0
    void caller.signalling.warm(bob.did).then(count => { opened = count })
    await until(clock, () => opened === 1)
    networks.weather.streams = 'black-hole'
    caller.signalling.offer({ to: bob.did, card: alice.card })
    await until(clock, () => clock.monotonicNow() > 1_000)
    expect(rang).to.have.length(0)
    networks.weather.streams = 'up'
    await until(clock, () => rang.length === 1)
  })

  it('ends rejected on both sides when a device declines, and stops the others', async () => {
    const caller = await up(alice, 'phone')
    const [atPhone, atLaptop] = [offers(await up(bob, 'phone')), offers(await up(bob, 'laptop'))]
    const { told, ends } = follow(caller.signalling.offer({ to: bob.did, card: alice.card }))
    await until(clock, () => atPhone.length === 1 && atLaptop.length === 1)
    atPhone[0]?.offer.reject('declined', { detail: 'in a meeting' })
    await until(clock, () => ends.length === 1 && atLaptop[0]?.ends.length === 1)
    expect(told.slice(-2)).to.deep.equal(['rejected declined', 'rejected'])
    expect(ends[0]).to.deep.equal({ status: 'rejected', reason: 'declined', detail: 'in a meeting', by: 'them' })
    expect(atLaptop[0]?.ends[0]?.status).to.equal('cancelled')
  })

  it('stops ringing when the caller withdraws', async () => {
    const caller = await up(alice, 'phone')
    const rang = offers(await up(bob, 'phone'))
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    await until(clock, () => rang.length === 1)
    call.leave()
    await until(clock, () => rang[0]?.ends.length === 1)
    expect(rang[0]?.ends[0]).to.deep.equal({ status: 'cancelled', reason: 'cancelled', by: 'them' })
  })

  it('ends a capture when the caller is killed, by its missing signs of life', async () => {
    const caller = await up(alice, 'phone')
    const proxy = await up(bob, 'proxy', { serves: () => [bob.did] })
    proxy.signalling.on('offer', offer => { offer.accept({ mode: 'capture' }) })
    const rang = offers(proxy)
    let confirmed = 0
    proxy.signalling.on('offer', offer => { offer.on('confirmed', () => { confirmed++ }) })
    caller.signalling.offer({ to: bob.did, card: alice.card })
    await until(clock, () => confirmed === 1)
    networks.kill(peerIdFromDid(caller.device.did))
    const killedAt = clock.monotonicNow()
    await until(clock, () => rang[0]?.ends.length === 1, { stepMs: 200 })
    expect(rang[0]?.ends[0]).to.deep.equal({ status: 'stored', reason: 'lost', by: 'time' })
    expect(clock.monotonicNow() - killedAt).to.be.within(30_000, 46_000)
  })

  it('ends failed when the device that took the call was restarted and knows it no more', async () => {
    const caller = await up(alice, 'phone')
    const phone = await up(bob, 'phone')
    phone.signalling.on('offer', offer => { offer.accept({ mode: 'live' }) })
    const { told, ends } = follow(caller.signalling.offer({ to: bob.did, card: alice.card }))
    await until(clock, () => told.filter(word => word === 'live').length === 2)
    networks.kill(peerIdFromDid(phone.device.did))
    const rang = offers(await up(bob, 'phone', { knows: [alice] }))
    await until(clock, () => ends.length === 1, { stepMs: 20 })
    expect(ends[0]).to.deep.equal({ status: 'failed', reason: 'unknown-call', by: 'them' })
    expect(rang).to.have.length(0)
  })

  it('goes on capturing over a restart of the proxy', async () => {
    const caller = await up(alice, 'phone')
    const proxy = await up(bob, 'proxy', { serves: () => [bob.did] })
    proxy.signalling.on('offer', offer => { offer.accept({ mode: 'capture' }) })
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    const { told, ends } = follow(call)
    await until(clock, () => told.includes('capture for bob'))
    networks.kill(peerIdFromDid(proxy.device.did))
    await up(bob, 'proxy', { serves: () => [bob.did], knows: [alice] })
    await until(clock, () => clock.monotonicNow() > 90_000, { stepMs: 100 })
    expect(ends).to.deep.equal([])
    call.leave()
    expect(ends[0]?.status).to.equal('stored')
  })

  it('reaches a person whom a proxy has begun to serve, and no longer one whom it ceased to serve', async () => {
    networks.weather.streams = 'down'
    const serves: string[] = []
    const caller = await up(alice, 'phone')
    const proxy = await up(bob, 'proxy', { serves: () => serves })
    const rang = offers(proxy)
    const first = caller.signalling.offer({ to: bob.did, card: alice.card })
    await until(clock, () => clock.monotonicNow() > 2_000, { stepMs: 20 })
    expect(rang).to.have.length(0)
    serves.push(bob.did)
    proxy.signalling.refresh()
    await until(clock, () => rang.length === 1, { stepMs: 20 })
    first.leave()
    await until(clock, () => rang[0]?.ends.length === 1)
    serves.pop()
    proxy.signalling.refresh()
    const { ends } = follow(caller.signalling.offer({ to: bob.did, card: alice.card }))
    await until(clock, () => ends.length === 1, { stepMs: 100 })
    expect([ends[0]?.status, rang.length]).to.deep.equal(['no-answer', 1])
  })

  it('never rings for a replayed offer, nor after a restart for one that was withdrawn', async () => {
    networks.weather.streams = 'down'
    const store = createMemoryStore()
    const caller = await up(alice, 'phone')
    const phone = await up(bob, 'phone', { store })
    const rang = offers(phone)
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    await until(clock, () => rang.length === 1)
    call.leave()
    await until(clock, () => rang[0]?.ends.length === 1)
    const recorded = networks.published.filter(({ topic }) => topic === inboxTopic(bob.did))
    for (const { topic, data } of recorded) networks.inject(topic, data)
    await until(clock, () => clock.monotonicNow() > 2_000)
    expect(rang).to.have.length(1)
    networks.kill(peerIdFromDid(phone.device.did))
    const again = await up(bob, 'phone', { store })
    const rangAgain = offers(again)
    for (const { topic, data } of recorded) networks.inject(topic, data)
    await until(clock, () => clock.monotonicNow() > 4_000)
    expect(rangAgain).to.have.length(0)
    for (const { topic, data } of recorded) networks.inject(topic, data)
    clock.setWall(clock.now() + 70_000)
    await until(clock, () => clock.monotonicNow() > 6_000)
    expect(again.signalling.refusals()).to.have.property('ExpiredSignalError')
    expect(rangAgain).to.have.length(0)
  })

  it('learns a stranger from the card in the offer', async () => {
    const phone = await up(bob, 'phone')
    expect(await phone.people.list(alice.did)).to.equal(undefined)
    const rang = offers(phone)
    const caller = await up(alice, 'phone')
    caller.signalling.offer({ to: bob.did, card: alice.card })
    await until(clock, () => rang.length === 1)
    expect((await phone.people.list(alice.did))?.person).to.equal(alice.did)
  })

  it('fails at once for a person nobody told it about', async () => {
    const caller = await up(bob, 'phone')
    const { ends } = follow(caller.signalling.offer({ to: alice.did, card: bob.card }))
    await until(clock, () => ends.length === 1)
    expect(ends[0]).to.include({ status: 'failed', reason: 'unknown-person' })
  })

  it('ends every call once when it is stopped', async () => {
    const caller = await up(alice, 'phone')
    const rang = offers(await up(bob, 'phone'))
    const { ends } = follow(caller.signalling.offer({ to: bob.did, card: alice.card }))
    await until(clock, () => rang.length === 1)
    let stopped = false
    void caller.signalling.stop().then(() => { stopped = true })
    await until(clock, () => stopped && rang[0]?.ends.length === 1)
    expect(ends).to.deep.equal([{ status: 'cancelled', reason: 'cancelled', by: 'us' }])
    await caller.signalling.stop()
  })
})
