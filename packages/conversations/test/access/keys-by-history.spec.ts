import { silentLogger, type CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import type { AddParticipant, Content, Permission } from '../../src/index.ts'
import { parseAction } from '../../src/format/parse-action.ts'
import { openCopies } from '../../src/read/sealed-keys.ts'
import { blocksOf, carry, createWorld, type Replica, type Somebody, type World } from '../log/world.ts'

const message = (fill: number): Content => ({ verb: 'add', thing: 'message', message: new Uint8Array(16).fill(fill), body: `words ${fill}` })
const add = (who: Somebody, permission: Permission = 'write', history: AddParticipant['history'] = 'from-now'): AddParticipant => ({ verb: 'add', thing: 'participant', person: publicKeyFromDid(who.did), permission, history })
const remove = (who: Somebody): Content => ({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(who.did) })

describe('the keys of somebody who reads from now on', () => {
  let world: World
  let alice: Replica
  let bobby: Somebody
  let carla: Somebody
  let id: CID

  beforeEach(async () => {
    world = createWorld(31)
    bobby = await world.somebody('Bob')
    carla = await world.somebody('Carol')
    alice = await world.replica(await world.somebody('Alice'))
    id = (await alice.conversations.create({ subject: 'Old things', participants: [bobby.did] })).id
    await write(alice, message(1), message(2), remove(bobby), message(3))
  })

  const write = async (by: Replica, ...contents: Content[]): Promise<void> => { await (await by.conversations.open(id)).appendAll(contents) }
  /** Returns the epochs of which a device was ever handed keys, by any action of the log. */
  const epochsOf = async (log: Replica, { device }: Somebody): Promise<number[]> => {
    const opener = { publicKey: device.signer.publicKey, sealing: device.sealing }
    const epochs = new Set<number>()
    for (const block of (await blocksOf(log, id)).slice(1)) {
      for (const { keys } of await openCopies({ openers: [opener], logger: silentLogger }, parseAction(block))) for (const { epoch } of keys) epochs.add(epoch)
    }
    return [...epochs].sort((a, b) => a - b)
  }
  const bodies = async (of: Replica): Promise<Array<string | undefined>> => (await (await of.conversations.open(id)).state()).messages.map(({ body }) => body)

  it('are those of the epoch that begins with it, and of later ones', async () => {
    await write(alice, add(carla), message(4), message(5))
    expect(await epochsOf(alice, carla)).to.deep.equal([2])
    const carol = await world.replica(carla)
    await carry(alice, carol, id)
    expect(await bodies(carol)).to.deep.equal(['words 4', 'words 5'])
    await write(carol, message(6))
    await carry(carol, alice, id)
    expect(await bodies(alice)).to.deep.equal([1, 2, 3, 4, 5, 6].map(fill => `words ${fill}`))
  })

  it('are all of them for somebody who reads everything, given by the same action', async () => {
    await write(alice, add(carla), add(bobby, 'read', 'all'), message(4))
    expect(await epochsOf(alice, bobby)).to.deep.equal([0, 1, 2])
    const carolsTablet = await world.device(carla)
    const bobsTablet = await world.device(bobby)
    await world.introduce(alice)
    await write(alice, message(5))
    expect(await epochsOf(alice, carolsTablet)).to.deep.equal([2])
    expect(await epochsOf(alice, bobsTablet)).to.deep.equal([0, 1, 2])
  })

  it('are as many for whom they add, from anybody', async () => {
    const dan = await world.somebody('Dan')
    await world.introduce(alice)
    await write(alice, add(carla))
    const carol = await world.replica(carla)
    await carry(alice, carol, id)
    await write(carol, add(dan, 'write', 'all'))
    await carry(carol, alice, id)
    const phone = await world.device(dan)
    await world.introduce(alice)
    await write(alice, message(4))
    expect(await epochsOf(alice, dan)).to.deep.equal([2])
    expect(await epochsOf(alice, phone)).to.deep.equal([2])
  })

  it('are not older ones when another device began the same epoch at once', async () => {
    await write(alice, add(bobby, 'full', 'all'))
    const bob = await world.replica(bobby)
    await carry(alice, bob, id)
    const dan = await world.somebody('Dan')
    for (const replica of [alice, bob]) await world.introduce(replica)
    await write(alice, add(carla), message(4))
    await write(bob, add(dan), message(5))
    await carry(bob, alice, id)
    await write(alice, message(6))
    expect(await epochsOf(alice, carla)).to.deep.equal([2, 3])
    const [carol, danny] = [await world.replica(carla), await world.replica(dan)]
    for (const replica of [carol, danny]) {
      await carry(alice, replica, id)
      // What was said at once with their coming is theirs to read.
      expect(await bodies(replica)).to.include.members(['words 4', 'words 5', 'words 6'])
    }
  })
})

describe('the keys of a conversation that somebody was removed from', () => {
  it('are never handed to whom the removed let in, however it was dated', async () => {
    const world = createWorld(32)
    const [mallory, eve] = [await world.somebody('Mallory'), await world.somebody('Eve')]
    const alice = await world.replica(await world.somebody('Alice'))
    const here = await alice.conversations.create({ subject: 's', participants: [] })
    await here.append(add(mallory, 'full', 'all'))
    const thief = await world.replica(mallory)
    await carry(alice, thief, here.id)
    await here.append(remove(mallory))
    await world.clock.advance(1000)
    await (await thief.conversations.open(here.id)).appendAll([add(eve, 'full', 'all'), message(1)])
    await carry(thief, alice, here.id)
    expect(await here.access()).to.deep.equal([alice.who.did])
    const { bytes, epoch } = await here.append(message(2))
    const { keys = [] } = parseAction(bytes)
    expect(keys.map(({ device }) => Buffer.from(device).toString('hex'))).to.deep.equal([Buffer.from(alice.who.device.signer.publicKey).toString('hex')])
    const accomplice = await world.replica(eve)
    await carry(alice, accomplice, here.id)
    const seen = await (await accomplice.conversations.open(here.id)).state()
    expect(seen.messages.map(({ body }) => body)).to.deep.equal(['words 1'])
    expect(epoch).to.equal(1)
    expect(seen.status).to.equal('removed')
  })
})
