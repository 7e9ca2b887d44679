import { createSeededRandom, createVirtualClock, type VirtualClock } from '@parley/core'
import type { Did } from '@parley/identity'
import { expect } from 'chai'
import { createPerson, followCall, offers, start, until, type CastPerson, type Running } from './cast.ts'
import { createSimulatedNetworks, type SimulatedNetworks } from './simulated-network.ts'

describe('a call of somebody who is not admitted', function () {
  this.timeout(20_000)
  let clock: VirtualClock
  let networks: SimulatedNetworks
  let alice: CastPerson
  let bob: CastPerson
  let caller: Running
  let callee: Running
  let unwanted: Set<Did>

  beforeEach(async () => {
    clock = createVirtualClock()
    networks = createSimulatedNetworks({ clock, random: createSeededRandom(7) })
    alice = await createPerson(1, { phone: ['endpoint'] }, clock.now())
    bob = await createPerson(2, { phone: ['endpoint'] }, clock.now())
    unwanted = new Set([alice.did])
    caller = await start({ networks, clock }, { person: alice, device: 'phone', knows: [bob] })
    callee = await start({ networks, clock }, { person: bob, device: 'phone', knows: [], init: { admits: from => !unwanted.has(from) } })
  })

  afterEach(async () => {
    let done = false
    void Promise.all([caller.signalling.stop(), callee.signalling.stop()]).then(() => { done = true })
    await until(clock, () => done)
  })

  it('rings nowhere, is answered by nothing, and its card is not learned', async () => {
    const rang = offers(callee)
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    const { told, ends } = followCall(call, { bob: bob.did })
    const acknowledged: Did[] = []
    call.on('acknowledged', ({ device }) => { acknowledged.push(device) })
    await until(clock, () => ends.length === 1, { stepMs: 200 })
    expect(told).to.deep.equal(['unreachable', 'no-answer'])
    expect([rang.length, acknowledged.length]).to.deep.equal([0, 0])
    expect(await callee.people.list(alice.did)).to.equal(undefined)
    expect(Object.keys(callee.signalling.refusals())).to.deep.equal(['UnwantedSenderError'])
  })

  it('hears no farewell either when it claims to go on', async () => {
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    const { told } = followCall(call, { bob: bob.did })
    await until(clock, () => told.length === 1, { stepMs: 200 })
    call.leave()
    await clock.advance(20_000)
    expect(told).to.deep.equal(['unreachable', 'cancelled'])
  })

  it('goes on when it began before', async () => {
    unwanted.clear()
    callee.signalling.on('offer', offer => { offer.accept({ mode: 'live' }) })
    const rang = offers(callee)
    const call = caller.signalling.offer({ to: bob.did, card: alice.card })
    const { told } = followCall(call, { bob: bob.did })
    await until(clock, () => told.includes('live'))
    unwanted.add(alice.did)
    call.leave()
    await until(clock, () => rang[0]?.ends.length === 1)
    expect(rang[0]?.ends[0]).to.include({ status: 'completed', by: 'them' })
  })
})
