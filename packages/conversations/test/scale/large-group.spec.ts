import { expect } from 'chai'
import { createWorld, type Replica, type Somebody } from '../log/world.ts'

const PEOPLE = 64
const DEVICES = 3

describe('a conversation of 64 people with three devices each', () => {
  it('works for every one of them', async function () {
    this.timeout(120_000)
    const world = createWorld(64)
    const devices: Somebody[] = []
    const people: Somebody[] = []
    for (let number = 0; number < PEOPLE; number++) {
      const first = await world.somebody(`Person ${number}`)
      people.push(first)
      devices.push(first)
      for (let other = 1; other < DEVICES; other++) devices.push(await world.device(first))
    }
    const [creator = people[0], ...others] = people
    if (creator === undefined) throw new RangeError('there is nobody')
    const owner = await world.replica(creator)
    const there = await owner.conversations.create({ subject: 'All of us', participants: others.map(({ did }) => did) })
    // Keeps the log for everybody and reads none of it.
    const hub = await world.replica(await world.somebody('Hub'), { keyless: true })
    const meet = async (replica: Replica): Promise<void> => {
      for (const [from, to] of [[hub, replica], [replica, hub]] as const) {
        const target = to.conversations.holder(there.id)
        for await (const blocks of from.conversations.holder(there.id).since(await target.frontier())) {
          expect((await target.merge(blocks)).refused).to.equal(0)
        }
      }
    }
    await meet(owner)
    const replicas: Replica[] = [owner]
    for (const device of devices.slice(1)) {
      const replica = await world.replica(device)
      replicas.push(replica)
      await meet(replica)
      await (await replica.conversations.open(there.id)).say({ body: `from ${device.device.did}` })
      await meet(replica)
    }
    for (const replica of replicas) await meet(replica)
    const heads = new Set<string>()
    for (const replica of replicas) {
      const state = await (await replica.conversations.open(there.id)).state()
      heads.add(state.heads.join())
      expect(state.unreadable).to.equal(0)
      expect(state.participants).to.have.length(PEOPLE)
      expect(state.messages).to.have.length(PEOPLE * DEVICES - 1)
    }
    expect(heads.size).to.equal(1)
  })
})
