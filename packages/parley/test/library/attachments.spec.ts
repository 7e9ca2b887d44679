import { createSeededRandom, type CID, type Store } from '@parley/core'
import { expect } from 'chai'
import type { AttachedNow, Parley } from '../../src/index.ts'
import { createWorld, introduce, until, type Person, type World } from './world.ts'

describe('files among people without proxies', function () {
  this.timeout(60_000)
  let world: World
  let alice: Person
  let bob: Person
  let id: CID

  beforeEach(async () => {
    world = createWorld()
    alice = await world.person('Alice')
    bob = await world.person('Bob')
    await introduce(alice, bob)
    id = (await alice.first.parley.conversations.create({ subject: 'Plans', participants: [bob.signer.did] }, { durable: true })).id
    await alice.first.parley.sync()
  })
  afterEach(async () => { await world.stop() })

  it('come to the devices of those who are there, and are there when their author is not', async () => {
    const attached = await attach(alice.first.parley, id, contentOf(600_000))
    expect(await attached.brought).to.deep.equal({ reached: ['Bob'], unreachable: [] })
    await alice.first.stop()
    expect(await save(bob.first.parley, attached)).to.equal(true)
  })

  it('are fetched when they are larger than what a device takes unasked', async () => {
    await bob.first.stop()
    await bob.first.start({ maxTakenFileBytes: 1000 })
    const attached = await attach(alice.first.parley, id, contentOf(600_000))
    expect((await attached.brought).unreachable.map(({ who }) => who)).to.deep.equal(['Bob'])
    expect(await held(bob.first.store)).to.deep.equal([])
    const progress: number[] = []
    await bob.first.parley.saveFile(id, attached.message, attached.attachment, { onProgress: ({ doneBytes }) => { progress.push(doneBytes) } })
    expect(progress.at(-1)).to.equal(600_000)
    const part: Uint8Array[] = []
    for await (const piece of bob.first.parley.openFile(id, attached.message, attached.attachment, { from: 300_000, to: 300_010 })) part.push(piece)
    expect(Buffer.concat(part).equals(contentOf(600_000).subarray(300_000, 300_010))).to.equal(true)
  })

  it('are brought by themselves to somebody who comes later', async () => {
    await bob.first.stop()
    await alice.first.stop()
    const here = await alice.first.start({ follow: true })
    const attached = await attach(here, id, contentOf(1000))
    expect((await attached.brought).reached).to.deep.equal([])
    await bob.first.start()
    await bob.first.network.connect({ peer: alice.first.network.peerId, addresses: alice.first.network.addresses() })
    await until(async () => (await held(bob.first.store)).length === 1)
    expect(await due(alice.first.store)).to.equal(0)
  })

  it('go with a conversation that is purged', async () => {
    const attached = await attach(alice.first.parley, id, contentOf(600_000))
    await attached.brought
    await alice.first.parley.conversations.purge(id, { anyway: true })
    expect(await held(alice.first.store)).to.deep.equal([])
    expect(await alice.first.store.getBlock(attached.file.root)).to.equal(undefined)
    expect(await held(bob.first.store)).to.have.length(1)
  })

  it('are removed on every device once their last attachment is taken off', async () => {
    const attached = await attach(alice.first.parley, id, contentOf(1000))
    await attached.brought
    const conversation = await alice.first.parley.conversations.open(id)
    await conversation.erase(attached.message)
    await conversation.recover(attached.message)
    expect(await save(bob.first.parley, attached)).to.equal(true)
    await conversation.detach(attached.message, attached.attachment)
    await alice.first.parley.sync()
    for (const { first: { store } } of [alice, bob]) await until(async () => (await held(store)).length === 0)
    const failure = await bob.first.parley.saveFile(id, attached.message, attached.attachment).then(() => '', (error: Error) => error.name)
    expect(failure).to.equal('UnknownAttachmentError')
  })

  it('are not announced, nor kept, where the message is somebody else\'s', async () => {
    const { id: message } = await (await alice.first.parley.conversations.open(id)).say({ body: 'mine' })
    await alice.first.parley.sync()
    const failure = await bob.first.parley.attach(id, [contentOf(1000)], { name: 'a.bin', message }).then(() => '', (error: Error) => error.name)
    expect(failure).to.not.equal('')
    expect(await held(bob.first.store)).to.deep.equal([])
    expect(await count(bob.first.store, '/files/adds/')).to.equal(0)
    expect(await count(bob.first.store, '/parley/attaching/')).to.equal(0)
  })

  it('go on being added, after their process died, from the same source', async () => {
    async function * cut (): AsyncGenerator<Uint8Array> {
      yield contentOf(400_000)
      throw new RangeError('the cable was pulled')
    }
    const name = await alice.first.parley.attach(id, cut(), { name: 'a.bin' }).then(() => '', (error: Error) => error.name)
    expect(name).to.equal('RangeError')
    await alice.first.stop()
    const here = await alice.first.start()
    const adds: string[] = []
    for await (const { add } of here.unfinishedFiles()) adds.push(add)
    expect(adds).to.have.length(1)
    const attached = await here.attach(id, [contentOf(400_000), contentOf(100)], { name: 'a.bin', resume: adds[0] })
    expect(attached.file.sizeBytes).to.equal(400_100)
  })
})

function contentOf (bytes: number): Uint8Array {
  return createSeededRandom(9)(bytes)
}

async function attach (parley: Parley, id: CID, content: Uint8Array): Promise<AttachedNow> {
  return await parley.attach(id, [content], { name: 'plan.bin', body: 'here' })
}

async function save (parley: Parley, { conversation, message, attachment, file }: AttachedNow): Promise<boolean> {
  const pieces: Uint8Array[] = []
  const saved = await parley.saveFile(conversation, message, attachment, { write: piece => { pieces.push(piece) } })
  expect(saved).to.deep.include({ name: 'plan.bin', sizeBytes: file.sizeBytes })
  return Buffer.concat(pieces).equals(contentOf(file.sizeBytes))
}

async function count (store: Store, prefix: string): Promise<number> {
  let entries = 0
  for await (const _entry of store.entries(prefix)) entries++
  return entries
}

async function held (store: Store): Promise<string[]> {
  const roots: string[] = []
  for await (const { key } of store.entries('/files/held/')) roots.push(key)
  return roots
}

async function due (store: Store): Promise<number> {
  return await count(store, '/parley/file-due/')
}
