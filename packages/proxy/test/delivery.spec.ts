import { expect } from 'chai'
import { systemRandom, type CID } from '@parley/core'
import type { DeliveryState } from '@parley/conversations'
import type { Parley } from 'parley'
import { createSomebody, introduce, type Somebody } from './constellation.ts'

describe('what is written to somebody whose proxy is away, by somebody who goes off', function () {
  this.timeout(60_000)
  let alice: Somebody
  let bob: Somebody

  beforeEach(async () => {
    [alice, bob] = await Promise.all([createSomebody('Alice'), createSomebody('Bob')])
    await introduce(alice, bob)
    await bob.away()
  })

  afterEach(async () => { await Promise.all([alice.stop(), bob.stop()]) })

  it('is brought by the writer\'s own proxy, all that was missed', async () => {
    const { id } = await alice.parley.conversations.create({ subject: 'Dinner', participants: [bob.did] }, { durable: true })
    await alice.parley.sync()
    await bob.proxyAway()
    const last = await write(alice.parley, id, 50)
    await alice.parley.sync()
    const before = await statesOf(alice.parley, id, last)
    expect(before[`${bob.did} person`]).to.be.oneOf(['pending', 'temporary-failure'])
    expect(before[`${alice.did} proxy`]).to.equal('complete')
    await alice.away()

    await bob.proxyBack()
    const back = await bob.back()
    await until(async () => {
      await back.sync()
      return await back.conversations.holder(id).exists() && (await (await back.conversations.open(id)).state()).messages.length === 50
    })

    // What happened without it the writer's device hears when it tries again.
    const home = await alice.back()
    await home.sync()
    const after = await statesOf(home, id, last)
    expect(after[`${bob.did} proxy`]).to.equal('delivered-service')
    expect(after[`${bob.did} person`]).to.equal('delivered-service')
    expect((await home.delivery.targets(id)).every(({ errors }) => errors.length === 0)).to.equal(true)
  })

  it('is brought at once by a device that is on line when the proxy is back', async () => {
    await alice.away()
    const home = await alice.back({ follow: true })
    const told: DeliveryState[] = []
    home.on('delivery', ({ target, state }) => { if (target.kind === 'proxy' && target.person === bob.did) told.push(state) })
    await bob.proxyAway()
    const { id } = await home.conversations.create({ subject: 'Dinner', participants: [bob.did] }, { durable: true })
    const last = await write(home, id, 3)
    await until(async () => told.includes('temporary-failure'))
    await bob.proxyBack()
    await until(async () => told.at(-1) === 'delivered-service')
    expect((await statesOf(home, id, last))[`${bob.did} proxy`]).to.equal('delivered-service')
  })
})

async function write (parley: Parley, id: CID, count: number): Promise<CID> {
  const conversation = await parley.conversations.open(id)
  const actions = await conversation.appendAll(Array.from({ length: count }, (_none, n) => ({ verb: 'add', thing: 'message', message: systemRandom(16), body: `message ${n}` } as const)), { durable: true })
  return actions.at(-1)?.cid ?? id
}

async function statesOf (parley: Parley, id: CID, action: CID): Promise<Record<string, DeliveryState>> {
  const records = await parley.delivery.records(id, action)
  return Object.fromEntries(records.map(({ target, state }) => [`${target.person} ${target.kind}`, state]))
}

async function until (holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise(resolve => { setTimeout(resolve, 20) })
}
