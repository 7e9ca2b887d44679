import type { CID } from '@parley/core'
import { expect } from 'chai'
import { FATES, createCrashStore, type CrashStore, type Fate } from '../kill/crash-store.ts'
import { carry, createWorld, type Replica, type World } from '../log/world.ts'
import { until } from '../home/support.ts'
import { attach, cidsOf, deviceOf, fileOf, heldOf, keysWith, type Device } from './support.ts'

interface Scene { world: World, disk: CrashStore, alice: Device, bob: Replica, id: CID, other: CID, cids: CID[], roots: { own: CID, shared: CID }, home: CID }

async function scene (): Promise<Scene> {
  const world = createWorld(12)
  const bob = await world.replica(await world.somebody('Bob'))
  const somebody = await world.somebody('Alice')
  const disk = await createCrashStore()
  const alice = await deviceOf(world, somebody, disk.store)
  await world.introduce(bob)
  const { id } = await alice.conversations.create({ subject: 'Boats', participants: [bob.who.did] })
  const other = await alice.conversations.create({ subject: 'Sails', participants: [bob.who.did] })
  const [own, shared] = [await fileOf(alice, 600_000), await fileOf(alice, 300_000)]
  await attach(world, alice, id, own)
  await attach(world, alice, id, shared)
  await attach(world, alice, other.id, shared)
  await alice.conversations.keepKeys()
  await carry(alice, bob, id)
  const home = await alice.conversations.home()
  // The disk itself has it all, so that a power cut takes nothing of before.
  await home.put('things', 'one', new Uint8Array([1]), { durable: true })
  return { world, disk, alice, bob, id, other: other.id, cids: await cidsOf(alice, id), roots: { own: own.file.root, shared: shared.file.root }, home: home.id }
}

/** After a start there is all of the conversation, or nothing. */
async function expectWhole (it: Scene, where: string): Promise<'there' | 'gone'> {
  const { world, disk, bob, id, cids, roots, other } = it
  const found = await disk.restart()
  const alice = await deviceOf(world, it.alice.who, found.store)
  // The start goes on by itself with what was being removed.
  await until(() => alice.conversations.purged().every(({ state }) => state === 'purged'))
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => { setImmediate(resolve) })
  await until(() => alice.conversations.purged().every(({ state }) => state === 'purged'))
  expect((await (await alice.conversations.open(other)).state()).messages, where).to.have.length(1)
  expect(await alice.files.held(roots.shared), where).to.include({ state: 'whole' })
  if (await alice.conversations.holder(id).exists()) {
    const state = await (await alice.conversations.open(id)).state()
    expect(state.unreadable, where).to.equal(0)
    expect(state.messages, where).to.have.length(2)
    expect(await heldOf(found.store, cids), where).to.equal(cids.length)
    expect(await alice.files.held(roots.own), where).to.include({ state: 'whole' })
    await alice.conversations.stop()
    return 'there'
  }
  expect(alice.conversations.isPurged(id), where).to.equal(true)
  expect(await keysWith(found.store, id), where).to.deep.equal([])
  expect(await heldOf(found.store, [...cids, roots.own]), where).to.equal(0)
  await carry(bob, alice, id)
  expect(await alice.conversations.holder(id).exists(), where).to.equal(false)
  // And may come back, of which nothing of the old log is a part.
  await alice.conversations.forgetPurge(id)
  await carry(bob, alice, id)
  expect((await (await alice.conversations.open(id)).state()).messages, where).to.have.length(2)
  await alice.conversations.stop()
  return 'gone'
}

describe('a process that dies while it purges', () => {
  for (const everywhere of [false, true]) {
    for (const fate of FATES) {
      it(`leaves all of the conversation or nothing, whichever write it is: ${fate}${everywhere ? ', everywhere' : ''}`, async function () {
        this.timeout(120_000)
        const outcomes = new Set<string>()
        let isOver = false
        let tries = 0
        for (let write = 0; !isOver; write++) {
          tries++
          const it = await scene()
          const before = it.disk.writes
          it.disk.plan(before + write, fate satisfies Fate)
          const error = await it.alice.conversations.purge(it.id, { anyway: true, everywhere }).then(() => undefined, (error: unknown) => error as Error)
          isOver = error === undefined && it.disk.writes <= before + write
          await it.alice.conversations.stop().catch(() => undefined)
          const outcome = await expectWhole(it, `${fate} at write ${write}`)
          outcomes.add(outcome)
          if (isOver) expect(outcome).to.equal('gone')
          if (write > 200) throw new Error('a purge has no end')
        }
        expect([...outcomes]).to.include('gone')
        expect(tries).to.be.above(15)
      })
    }
  }
})
