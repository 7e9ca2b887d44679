import { publicKeyFromDid } from '@parley/identity'
import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import type { AccessChange } from '../../src/format/access-change.ts'
import { keyName } from '../../src/format/key-name.ts'
import { MAX_CHANGES_SEEN, MAX_PARTICIPANTS } from '../../src/format/limits.ts'
import { createAccessHistory } from '../../src/log/access-history.ts'
import { checkAccess } from '../../src/merge/check-access.ts'
import { forge } from '../log/forge.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica } from '../log/world.ts'

describe('a conversation with many people', () => {
  const random = createSeededRandom(3)
  const creator = keyName(random(32))
  const add = (person: Uint8Array): AccessChange => ({ add: [{ person, permission: 'read', history: 'all' }], remove: [] })

  it('has at most 128 at a time', () => {
    const access = createAccessHistory(creator, { compare: (a, b) => a - b, personOf: () => creator })
    const check = (change: AccessChange): string | undefined => checkAccess({ access, creatorName: creator, isHome: false }, { person: creator, change, version: access.newest(), isFirst: false })?.name
    const people = Array.from({ length: MAX_PARTICIPANTS - 1 }, () => random(32))
    for (const [row, person] of people.entries()) {
      expect(check(add(person))).to.equal(undefined)
      access.change(access.newest(), { row, by: creator, epoch: 0, change: add(person) })
    }
    expect(check(add(random(32)))).to.equal('TooManyParticipantsError')
    expect(check({ add: add(random(32)).add, remove: people.slice(0, 1) })).to.equal(undefined)
  })

  it('lets nobody in after 4,096 changes, and everybody out', () => {
    const access = createAccessHistory(creator, { compare: (a, b) => a - b, personOf: () => creator })
    const check = (change: AccessChange): string | undefined => checkAccess({ access, creatorName: creator, isHome: false }, { person: creator, change, version: access.newest(), isFirst: false })?.name
    const one = random(32)
    access.change(0, { row: 0, by: creator, epoch: 0, change: add(one) })
    for (let row = 1; row < MAX_CHANGES_SEEN; row++) {
      expect(check(add(one))).to.equal(undefined)
      access.change(access.newest(), { row, by: creator, epoch: 0, change: add(one) })
    }
    expect(check(add(random(32)))).to.equal('TooManyChangesError')
    expect(check({ add: [], remove: [one] })).to.equal(undefined)
  })
})

describe('who is in, at a replica', () => {
  it('is the same after a restart, and for whoever gets the log in another order', async () => {
    const world = createWorld(41)
    const [bobby, carla, dan] = [await world.somebody('Bob'), await world.somebody('Carol'), await world.somebody('Dan')]
    const alice = await world.replica(await world.somebody('Alice'))
    const here = await alice.conversations.create({ subject: 's', participants: [] })
    const add = (who: { did: string }, permission: 'full' | 'write') => ({ verb: 'add', thing: 'participant', person: publicKeyFromDid(who.did), permission, history: 'all' } as const)
    await here.appendAll([add(bobby, 'full'), add(carla, 'full')])
    const [bob, carol] = [await world.replica(bobby), await world.replica(carla)]
    for (const replica of [bob, carol]) await carry(alice, replica, here.id)
    await (await bob.conversations.open(here.id)).appendAll([add(dan, 'write'), { verb: 'delete', thing: 'participant', person: publicKeyFromDid(carla.did) }])
    await (await carol.conversations.open(here.id)).append({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(bobby.did) })
    await carry(bob, alice, here.id)
    await carry(carol, alice, here.id)
    // What Bob granted is void: he was removed at once with it.
    const seen = async (replica: Replica) => [await replica.conversations.holder(here.id).access(), (await replica.conversations.holder(here.id).former()).map(({ did, through }) => `${did} ${through.toString()}`)]
    expect(await here.access()).to.deep.equal([alice.who.did])
    const again = await world.replica(alice.who, { store: alice.store })
    const other = await world.replica(dan, { keyless: true })
    await other.conversations.merge(here.id, (await blocksOf(alice, here.id)).reverse())
    for (const replica of [again, other]) expect(await seen(replica)).to.deep.equal(await seen(alice))
    await here.append(add(dan, 'write'))
    expect(await here.access()).to.deep.equal([alice.who.did, dan.did].sort())
  })

  it('is changed by nobody who may not, by name', async () => {
    const world = createWorld(42)
    const [bobby, carla] = [await world.somebody('Bob'), await world.somebody('Carol')]
    const alice = await world.replica(await world.somebody('Alice'))
    const here = await alice.conversations.create({ subject: 's', participants: [bobby.did] })
    const bob = await world.replica(bobby)
    await carry(alice, bob, here.id)
    const there = await bob.conversations.open(here.id)
    const [alicesKey, carlasKey, bobsKey] = [alice.who.did, carla.did, bobby.did].map(publicKeyFromDid) as [Uint8Array, Uint8Array, Uint8Array]
    const asked: Array<[AccessChange, string]> = [
      [{ add: [{ person: carlasKey, permission: 'full', history: 'all' }], remove: [] }, 'NotPermittedError'],
      [{ add: [{ person: bobsKey, permission: 'full', history: 'all' }], remove: [] }, 'NotPermittedError'],
      [{ add: [{ person: alicesKey, permission: 'read', history: 'all' }], remove: [] }, 'NotPermittedError'],
      [{ add: [], remove: [alicesKey] }, 'NotPermittedError'],
      [{ add: [], remove: [carlasKey] }, 'NotPermittedError'],
      // Without another key, nothing would be kept from them.
      [{ add: [{ person: carlasKey, permission: 'read', history: 'from-now' }], remove: [] }, 'OutOfSequenceError']
    ]
    const heads = (await there.state()).heads
    for (const [access, name] of asked) {
      const { outcomes } = await alice.conversations.merge(here.id, [(await forge(bobby, here.id, { after: heads, access })).bytes])
      expect(outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name)).to.deep.equal([name])
    }
    expect(await nameOfRejection(there.append({ verb: 'add', thing: 'participant', person: carlasKey, permission: 'full', history: 'all' }))).to.equal('NotPermittedError')
    expect(await nameOfRejection(there.append({ verb: 'delete', thing: 'participant', person: alicesKey }))).to.equal('NotPermittedError')
    await here.append({ verb: 'delete', thing: 'participant', person: alicesKey })
    expect(await nameOfRejection(here.append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'x' }))).to.equal('NotAParticipantError')
  })
})
