import { expect } from 'chai'
import fc from 'fast-check'
import type { CID } from '@parley/core'
import { createCrashStore, FATES, type CrashStore } from '../kill/crash-store.ts'
import { countOf, createNodes, isMarked, say, type Node } from './nodes.ts'

describe('a device that dies while it brings what it said', function () {
  this.timeout(60_000)

  it('has owed it at every write, and its next process brings it', async () => {
    const writes = (await dieAt(undefined, 'killed-after')).writes
    expect(writes).to.be.above(5)
    for (const fate of FATES) {
      for (let write = 0; write < writes; write++) await dieAt(write, fate)
    }
  })
})

/** A device writes three messages to a proxy; at one write it dies, and is started again. */
async function dieAt (write: number | undefined, fate: (typeof FATES)[number]): Promise<CrashStore> {
  const nodes = createNodes(7)
  try {
    const alice = await nodes.world.somebody('Alice')
    const bob = await nodes.world.somebody('Bob')
    const house = await nodes.world.device(bob, ['proxy'])
    let disk = await createCrashStore()
    let phone = await nodes.node(alice, { store: disk.store })
    const proxy = await nodes.node(house, { serves: [bob.did] })
    const id = (await phone.conversations.create({ subject: 'Dinner', participants: [bob.did] }, { durable: true })).id
    await nodes.pass(50)
    if (write !== undefined) disk.plan(disk.writes + write, fate)
    for (let n = 0; n < 3; n++) {
      await say(phone, id, nodes.world).catch(() => {})
      await nodes.pass(40)
    }
    await nodes.pass(1000)
    const result = disk
    await phone.stop().catch(() => {})
    disk = await disk.restart()
    phone = await nodes.node(alice, { store: disk.store })
    await nodes.pass(20_000)
    await nodes.until(async () => !await isMarked(phone.store))
    const [ours, theirs] = [await countOf(phone, id), await countOf(proxy, id)]
    // After a power cut the proxy may have what its author has no more; what the author has it has.
    expect(theirs, `${fate} at write ${write}`).to.be.at.least(ours)
    expect(await isMarked(phone.store), `${fate} at write ${write}`).to.equal(false)
    return result
  } finally {
    await nodes.stop().catch(() => {})
  }
}

describe('three people with proxies whose links break and heal', function () {
  this.timeout(60_000)

  it('have all that was said in the end, whatever was lost on the way', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 1 << 20 }), fc.array(fc.tuple(fc.nat(2), fc.nat(5), fc.nat(5), fc.nat(60_000)), { minLength: 1, maxLength: 8 }), async (seed, turns) => {
      const nodes = createNodes(seed)
      try {
        const people = [await nodes.world.somebody('A'), await nodes.world.somebody('B'), await nodes.world.somebody('C')]
        const phones: Node[] = []
        const all: Node[] = []
        for (const person of people) phones.push(await nodes.node(person))
        for (const person of people) all.push(await nodes.node(await nodes.world.device(person, ['proxy']), { serves: [person.did] }))
        all.push(...phones)
        await nodes.introduce()
        const [first] = phones
        const id: CID = (await first?.conversations.create({ subject: '', participants: people.map(({ did }) => did) }))?.id as CID
        await nodes.pass(1000)
        for (const [speaker, a, b, passMs] of turns) {
          const [one, other] = [all[a]?.network.peerId ?? '', all[b]?.network.peerId ?? '']
          if (one !== other) nodes.networks.cut(one, other)
          const phone = phones[speaker]
          if (phone !== undefined && await phone.conversations.holder(id).exists()) await say(phone, id, nodes.world)
          await nodes.pass(passMs)
          if (passMs % 2 === 0) nodes.networks.heal(one, other)
        }
        for (const one of all) for (const other of all) nodes.networks.heal(one.network.peerId, other.network.peerId)
        // The longest pause, and what follows from what it brings.
        for (let round = 0; round < 4; round++) await nodes.pass(7 * 60_000)
        const counts = await Promise.all(all.slice(0, 3).map(async node => await countOf(node, id)))
        const most = Math.max(...await Promise.all(all.map(async node => await countOf(node, id))))
        expect(counts).to.deep.equal([most, most, most])
        for (const node of all) {
          await nodes.until(async () => !await isMarked(node.store))
          expect(await isMarked(node.store)).to.equal(false)
        }
      } finally {
        await nodes.stop()
      }
    }), { numRuns: 10 })
  })
})
