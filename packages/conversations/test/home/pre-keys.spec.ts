import { StoppedError, silentLogger, type CID, type Change, type Store } from '@parley/core'
import { createPeople, createPreKeySecrets, type Did, type PreKeyBatch, type PreKeySecrets } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { equals } from 'uint8arrays'
import { createConversations, type PreKeys } from '../../src/index.ts'
import { parseAction, type ParsedAction } from '../../src/format/parse-action.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'
import { KEY_PURPOSE } from '../../src/read/keyring.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica, type Somebody, type World } from '../log/world.ts'
import { message, unreadable, until, vaulted } from './support.ts'

const NOTHING = { series: null, number: 0, left: 0, lastResort: null }

describe('keys that are sealed to one-time keys', () => {
  let world: World
  let alice: Somebody
  let bob: Somebody
  let batches: Map<Did, PreKeyBatch['keys']>

  beforeEach(async () => {
    world = createWorld(21)
    ;[alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    batches = new Map()
  })

  const secretsOf = (who: Somebody, store: Store): PreKeySecrets => createPreKeySecrets({ store, keys: who.device, clock: world.clock, random: world.random }, { person: who.did })
  /** Lets others have one-time keys of a device. */
  const publish = async (who: Somebody, store: Store): Promise<void> => {
    const { keys } = await secretsOf(who, store).batchFor('did:key:zProxy', NOTHING) ?? expect.fail('no batch')
    batches.set(who.device.did, keys)
  }
  const preKeysOf = (who: Somebody, store: Store): PreKeys => ({
    ...secretsOf(who, store),
    take: async devices => new Map(devices.flatMap(device => {
      const key = batches.get(device)?.pop()
      return key === undefined ? [] : [[device, key] as const]
    }))
  })
  const replica = async (who: Somebody, store: Store = createMemoryStore(), random = world.random): Promise<Replica> => {
    const people = createPeople({ store, logger: silentLogger })
    const conversations = await createConversations({ store, people, clock: world.clock, random, logger: silentLogger, device: who.device, person: who.did, preKeys: preKeysOf(who, store) })
    const made = { who, store, people, conversations, clock: world.clock }
    await world.introduce(made)
    return made
  }
  type Sealed = { action: ParsedAction, copy: NonNullable<ParsedAction['keys']>[number] }
  /** Returns what was last sealed to a device. */
  const sealedFor = async (from: Replica, id: CID, who: Somebody): Promise<Sealed> => {
    const found = (await blocksOf(from, id)).slice(1).map(parseAction).flatMap(action => (action.keys ?? []).map(copy => ({ action, copy }))).filter(({ copy }) => equals(copy.device, who.device.signer.publicKey))
    return found.at(-1) ?? expect.fail('no copy')
  }
  const preKeyFor = async (from: Replica, id: CID, who: Somebody): Promise<Uint8Array> => (await sealedFor(from, id, who)).copy.prekey ?? expect.fail('no one-time key')

  it('are read by whom they are for, and by nobody with the long-term secret alone', async () => {
    const store = createMemoryStore()
    await publish(bob, store)
    const here = await replica(alice)
    const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
    await conversation.append(message(1))
    const { action, copy } = await sealedFor(here, conversation.id, bob)
    expect(copy.prekey).to.have.length(8)
    expect((await sealedFor(here, conversation.id, alice)).copy.prekey).to.equal(undefined)

    const there = await replica(bob, store)
    await carry(here, there, conversation.id)
    expect(await unreadable(there, conversation.id)).to.equal(0)

    // A thief of Bob's key file, with everything that was sent.
    const { bytes, authorAt, conversationAt, seq } = action
    const context = sealingContext(bytes.subarray(conversationAt, conversationAt + 32), bytes.subarray(authorAt, authorAt + 32), seq)
    expect(await nameOfRejection(bob.device.sealing.open(KEY_PURPOSE, copy, context))).to.equal('UndecryptableError')
    const thief = await replica(bob)
    await carry(here, thief, conversation.id)
    expect(await unreadable(thief, conversation.id)).to.equal(3)
    await (await thief.conversations.home()).share()
    await vaulted(thief)
    expect(await unreadable(thief, conversation.id)).to.equal(3)
  })

  it('are in the vault before the secret goes, also of a conversation that is open', async () => {
    const store = createMemoryStore()
    await publish(bob, store)
    const here = await replica(alice)
    const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
    const there = await replica(bob, store)
    await carry(here, there, conversation.id)
    const prekey = await preKeyFor(here, conversation.id, bob)
    expect(await secretsOf(bob, store).open(prekey)).not.to.equal(undefined)
    await vaulted(there)
    expect(await secretsOf(bob, store).open(prekey)).to.equal(undefined)
    expect(await unreadable(there, conversation.id)).to.equal(0)

    // The next epoch comes while the conversation is open, and its secret goes before anybody reads it.
    const tablet = await world.device(alice)
    await world.introduce(here)
    await conversation.append(message(1))
    await world.revoke(tablet)
    await world.introduce(here)
    await world.clock.advance(10)
    expect((await conversation.append(message(2))).epoch).to.equal(1)
    await world.introduce(there)
    await carry(here, there, conversation.id)
    await vaulted(there)
    expect(await secretsOf(bob, store).open(await preKeyFor(here, conversation.id, bob))).to.equal(undefined)
    expect(await unreadable(there, conversation.id)).to.equal(0)
    expect(await unreadable(await replica(bob, store), conversation.id)).to.equal(0)
  })

  it('are long-term ones where there is no one-time key', async () => {
    const here = await replica(alice)
    const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
    expect((await sealedFor(here, conversation.id, bob)).copy.prekey).to.equal(undefined)
    const there = await replica(bob)
    await carry(here, there, conversation.id)
    expect(await unreadable(there, conversation.id)).to.equal(0)
  })

  it('are for each device of a person by itself, and either may be read first', async () => {
    const tablet = await world.device(bob)
    const [store, other] = [createMemoryStore(), createMemoryStore()]
    await publish(bob, store)
    await publish(tablet, other)
    const here = await replica(alice)
    const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
    expect(equals(await preKeyFor(here, conversation.id, bob), await preKeyFor(here, conversation.id, tablet))).to.equal(false)
    for (const one of [await replica(tablet, other), await replica(bob, store)]) {
      await carry(here, one, conversation.id)
      expect(await unreadable(one, conversation.id)).to.equal(0)
    }
  })

  it('are kept aside, sealed, while there is no home to put them in, and go there later', async () => {
    const tablet = await world.device(bob)
    const store = createMemoryStore()
    await publish(tablet, store)
    const here = await replica(alice)
    const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
    const prekey = await preKeyFor(here, conversation.id, tablet)
    let there = await replica(tablet, store)
    await carry(here, there, conversation.id)
    await world.clock.advance(1000)
    await until(async () => await secretsOf(tablet, store).open(prekey) === undefined)
    expect(await unreadable(there, conversation.id)).to.equal(0)
    there = await replica(tablet, store)
    expect(await unreadable(there, conversation.id)).to.equal(0)

    const phone = await replica(bob)
    const home = await phone.conversations.home()
    await home.share()
    await carry(phone, there, home.id)
    await vaulted(there)
    expect((await store.entries('/vault/aside/').next()).done).to.equal(true)
    expect(await unreadable(await replica(tablet, store), conversation.id)).to.equal(0)
  })

  it('spoil nobody else\'s one-time key when they are sealed to it wrongly', async () => {
    const store = createMemoryStore()
    await publish(bob, store)
    const [mine] = batches.get(bob.device.did) ?? []
    if (mine === undefined) return expect.fail('no key')
    batches.set(bob.device.did, [{ ...mine, key: alice.device.sealing.publicKey }])
    const here = await replica(alice)
    const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
    const there = await replica(bob, store)
    await carry(here, there, conversation.id)
    await vaulted(there)
    expect(await unreadable(there, conversation.id)).to.equal(2)
    expect(await secretsOf(bob, store).open(mine.id)).not.to.equal(undefined)
  })

  for (const hasHome of [true, false]) {
    it(`are lost by no kill, whatever commit it comes after, ${hasHome ? 'with' : 'without'} a home`, async function () {
      this.timeout(60_000)
      const who = hasHome ? bob : await world.device(bob)
      let died = 0
      for (let commits = 0; ; commits++) {
        const store = createMemoryStore()
        await publish(who, store)
        const here = await replica(alice)
        const conversation = await here.conversations.create({ subject: 's', participants: [bob.did] })
        const prekey = await preKeyFor(here, conversation.id, who)
        // Everybody is known before the first commit that counts.
        await (await replica(who, store)).conversations.stop()
        const { dying, isDead } = mortal(store, commits)
        const first = await replica(who, dying).catch(() => undefined)
        if (first !== undefined) await carry(here, first, conversation.id).catch(() => undefined)
        await world.clock.advance(1000)
        const isDone = async (): Promise<boolean> => await secretsOf(who, store).open(prekey) === undefined && !await owes(store, hasHome)
        await until(async () => isDead() || await isDone())
        const next = await replica(who, store)
        await carry(here, next, conversation.id)
        expect(await unreadable(next, conversation.id)).to.equal(0)
        await world.clock.advance(1000)
        await until(isDone)
        expect(await unreadable(next, conversation.id)).to.equal(0)
        expect(await unreadable(await replica(who, store), conversation.id)).to.equal(0)
        if (!isDead()) break
        died++
      }
      expect(died).to.be.above(3)
    })
  }

  async function owes (store: Store, hasHome: boolean): Promise<boolean> {
    for await (const { value } of store.entries('/vault/owed/')) if (hasHome || value[0] === 1) return true
    return false
  }
})

/** A store of a process that is killed after so many commits: nothing it does then has an effect. */
function mortal (inner: Store, commits: number): { dying: Store, isDead: () => boolean } {
  let left = commits
  let isDead = false
  return {
    isDead: () => isDead,
    dying: {
      ...inner,
      async commit (changes: Change[], options) {
        if (left === 0) isDead = true
        if (isDead) throw new StoppedError('The process')
        left--
        await inner.commit(changes, options)
      }
    }
  }
}

