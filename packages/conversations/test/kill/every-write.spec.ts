import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { silentLogger, type CID } from '@parley/core'
import type { PeerTarget } from '@parley/network'
import { expect } from 'chai'
import { createSync, type AppendOptions, type Conversation, type Sync } from '../../src/index.ts'
import { blocksOf, createWorld, type Replica, type Somebody, type World } from '../log/world.ts'
import { FATES, createCrashStore, type CrashStore, type Fate } from './crash-store.ts'

/** What somebody was told that it is kept: by a promise that resolved. */
interface Told {
  /** CIDs that outlive the process. */
  stored: Set<string>
  /** CIDs that outlive a power cut. */
  durable: Set<string>
}

interface Story {
  world: World
  disk: CrashStore
  alice: Somebody
  bob: Replica
  networks: MemoryNetworks
  told: Told
  id: CID | undefined
}

/** One step of Alice's; it may be cut off anywhere. */
type Step = (story: Story, replica: Replica) => Promise<void>

const message = (world: World, body: string) => ({ verb: 'add', thing: 'message', message: new Uint8Array(world.random(16)), body }) as const

async function open ({ id }: Story, { conversations }: Replica): Promise<Conversation> {
  if (id === undefined) throw new Error('no conversation was made')
  return await conversations.open(id)
}

async function say (story: Story, replica: Replica, count: number, options: AppendOptions): Promise<void> {
  const conversation = await open(story, replica)
  const actions = await conversation.appendAll(Array.from({ length: count }, (_none, index) => message(story.world, `${count} at once, ${index}`)), options)
  for (const { cid } of actions) tell(story.told, cid, options.durable ?? false)
}

function tell ({ stored, durable }: Told, cid: CID, isDurable: boolean): void {
  stored.add(cid.toString())
  if (isDurable) durable.add(cid.toString())
}

const STEPS: Array<[string, Step]> = [
  ['creating a conversation', async (story, replica) => {
    const conversation = await replica.conversations.create({ subject: 'Boats', participants: [story.bob.who.did] }, { durable: true })
    story.id = conversation.id
    for await (const { cid } of conversation.actions()) tell(story.told, cid, true)
  }],
  ['appending', async (story, replica) => { await say(story, replica, 1, {}) }],
  ['appending to the disk itself', async (story, replica) => { await say(story, replica, 1, { durable: true }) }],
  ['appending several', async (story, replica) => { await say(story, replica, 5, { durable: true }) }],
  ['merging what somebody else wrote', async (story, replica) => {
    const { id, bob } = story
    if (id === undefined) return
    await bob.conversations.merge(id, await blocksOf(replica, id))
    const theirs = await bob.conversations.open(id)
    await theirs.appendAll([message(story.world, 'from Bob'), message(story.world, 'and again')])
    const { outcomes } = await replica.conversations.merge(id, await blocksOf(bob, id), { durable: true })
    for (const outcome of outcomes) if (outcome.ok && outcome.kind !== 'basics') tell(story.told, outcome.cid, true)
  }],
  ['merging what is shown before it is flushed', async (story, replica) => {
    const { id, bob } = story
    if (id === undefined) return
    const theirs = await bob.conversations.open(id)
    const action = await theirs.append(message(story.world, 'live'))
    const { outcomes } = await replica.conversations.merge(id, [action.bytes], { durable: true, tellFirst: true })
    for (const outcome of outcomes) if (outcome.ok) tell(story.told, outcome.cid, true)
  }],
  ['synchronising', async (story, replica) => {
    const { id, bob, alice, networks } = story
    if (id === undefined) return
    const theirs = await bob.conversations.open(id)
    await theirs.appendAll([message(story.world, 'over the network'), message(story.world, 'and more')])
    const sync = await syncOf(networks, replica, alice)
    const target = await syncOf(networks, bob, bob.who)
    try {
      await sync.sync.sync(id, target.target)
      for (const { cid } of await bob.conversations.holder(id).frontier()) tell(story.told, cid, true)
    } finally {
      await sync.sync.stop()
      await target.sync.stop()
    }
  }],
  ['reading', async (story, replica) => { await (await open(story, replica)).state() }],
  ['bringing keys into the vault', async (_story, { conversations }) => { await conversations.keepKeys() }],
  ['keeping a record for oneself', async (_story, { conversations }) => {
    const home = await conversations.home()
    await home.put('contacts', 'bob', new Uint8Array(64))
    expect(await home.get('contacts', 'bob')).to.have.length(64)
  }],
  ['appending after all that', async (story, replica) => { await say(story, replica, 150, { durable: true }) }],
  ['keeping the state when it stops', async (story, replica) => {
    await (await open(story, replica)).state()
    await replica.conversations.stop()
    let kept = 0
    for await (const _entry of story.disk.store.entries('/conversations/snapshots/')) kept++
    // Without room there is none, which is no harm.
    if (!story.disk.isHurt) expect(kept).to.be.above(0)
  }]
]

async function syncOf (networks: MemoryNetworks, { conversations, people, clock }: Replica, who: Somebody): Promise<{ sync: Sync, target: PeerTarget }> {
  const network = await networks.join(who.device.seed)
  return { target: { peer: network.peerId, addresses: network.addresses() }, sync: await createSync({ network, conversations, people, clock, device: who.device, person: who.did, logger: silentLogger }) }
}

/** Plays all steps; returns what happened at the one that was cut off. With `again`, a step that failed is done once more. */
async function play (story: Story, replica: Replica, { again = false } = {}): Promise<{ cutOff: string | undefined, error: Error | undefined }> {
  for (const [name, step] of STEPS) {
    try {
      try {
        await step(story, replica)
      } catch (error) {
        if (!again || (error as Error).name !== 'StorageUnavailableError') throw error
        await step(story, replica)
      }
    } catch (error) {
      return { cutOff: name, error: error as Error }
    }
  }
  return { cutOff: undefined, error: undefined }
}

async function begin (): Promise<{ story: Story, replica: Replica }> {
  const world = createWorld(77)
  const bob = await world.somebody('Bob')
  const alice = await world.somebody('Alice')
  const disk = await createCrashStore()
  const replica = await world.replica(alice, { store: disk.store })
  const story: Story = { world, disk, alice, bob: await world.replica(bob), networks: createMemoryNetworks(), told: { stored: new Set(), durable: new Set() }, id: undefined }
  return { story, replica }
}

/** A process that starts finds what was promised, opens it, and others accept all of it. */
async function expectWhole ({ world, disk, alice, bob, told, id }: Story, fate: Fate, where: string): Promise<void> {
  const found = await disk.restart()
  const replica = await world.replica(alice, { store: found.store })
  const promised = fate === 'power-cut' ? told.durable : told.stored
  if (id === undefined) {
    expect(promised.size, where).to.equal(0)
    return
  }
  const conversation = await replica.conversations.open(id)
  const state = await conversation.state()
  expect(state.unreadable, where).to.equal(0)
  expect(state.forked, where).to.deep.equal([])
  const held = new Set<string>()
  for await (const { cid } of conversation.actions()) held.add(cid.toString())
  for (const cid of promised) expect(held.has(cid), `${where}: ${cid}`).to.equal(true)
  await conversation.append(message(world, 'and on'), { durable: true })
  const { outcomes } = await bob.conversations.merge(id, await blocksOf(replica, id))
  expect(outcomes.filter(({ ok }) => !ok), where).to.deep.equal([])
  expect((await (await bob.conversations.open(id)).state()).forked, where).to.deep.equal([])
}

describe('a process that dies at a write, or whose disk is full', () => {
  let writes = 0

  before(async () => {
    const { story, replica } = await begin()
    const { cutOff, error } = await play(story, replica)
    expect(cutOff, String(error)).to.equal(undefined)
    await replica.conversations.stop()
    writes = story.disk.writes
    expect(writes).to.be.above(STEPS.length)
  })

  for (const fate of FATES) {
    it(`keeps what it acknowledged, whichever write it is: ${fate}`, async function () {
      this.timeout(60_000)
      for (let write = 0; write < writes; write++) {
        const { story, replica } = await begin()
        // Learning of the people is part of the beginning, and is written too.
        story.disk.plan(write, fate)
        const { cutOff, error } = await play(story, replica, { again: fate === 'full-once' })
        if (fate === 'full-once') expect(cutOff, String(error)).to.equal(undefined)
        if (!story.disk.isDead && error !== undefined) expect(error.name, `${fate} at ${write}, ${String(cutOff)}`).to.equal('StorageUnavailableError')
        await replica.conversations.stop().catch(() => undefined)
        await expectWhole(story, fate, `${fate} at write ${write}, while ${String(cutOff)}`)
      }
    })
  }
})
