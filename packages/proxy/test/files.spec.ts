import { createSeededRandom, createSystemClock, silentLogger, systemRandom, type CID } from '@parley/core'
import { createFiles } from '@parley/conversations'
import { expect } from 'chai'
import type { AttachedNow, Parley } from 'parley'
import { createSomebody, introduce, type Somebody } from './constellation.ts'

const MIB = 1024 * 1024

describe('somebody attaches a file for a person whose devices are all off', function () {
  this.timeout(60_000)
  let alice: Somebody
  let bob: Somebody
  let conversation: CID

  beforeEach(async () => {
    [alice, bob] = await Promise.all([createSomebody('Alice'), createSomebody('Bob')])
    await introduce(alice, bob)
    conversation = (await alice.parley.conversations.create({ subject: 'Plans', participants: [bob.did] }, { durable: true })).id
    await bob.away()
  })

  afterEach(async () => {
    await Promise.all([alice.stop(), bob.stop()])
  })

  it('is kept by both proxies, and saved when its author is gone', async () => {
    const content = contentOf(3 * MIB)
    const attached = await attach(alice.parley, conversation, content)
    expect((await attached.brought).unreachable).to.deep.equal([])
    expect(await holds(alice, attached)).to.equal(true)
    expect(await holds(bob, attached)).to.equal(true)
    await Promise.all([alice.away(), alice.proxyAway()])

    const back = await bob.back()
    await back.sync()
    expect(same(await save(back, attached), content)).to.equal(true)
    await alice.proxyBack()
  })

  it('is brought after a kill by the next process', async () => {
    await bob.proxyAway()
    const content = contentOf(300_000)
    const attached = await attach(alice.parley, conversation, content)
    expect((await attached.brought).unreachable.map(({ who }) => who)).to.deep.equal(['Bob'])
    await alice.away()
    await bob.proxyBack()
    const home = await alice.back()
    await home.sync()
    expect(await holds(bob, attached)).to.equal(true)
    await Promise.all([alice.away(), alice.proxyAway()])

    const back = await bob.back()
    await back.sync()
    expect(same(await save(back, attached), content)).to.equal(true)
    await alice.proxyBack()
  })

  it('goes on where it was when the connection breaks in the middle', async () => {
    const content = contentOf(12 * MIB)
    const pieces = Array.from({ length: 12 }, (_none, index) => content.subarray(index * MIB, (index + 1) * MIB))
    let leaving: Promise<void> | undefined
    const attached = await alice.parley.attach(conversation, pieces, {
      name: 'plan.bin',
      onProgress: progress => { if (progress.phase === 'bringing' && progress.acknowledged < progress.blocks) leaving ??= alice.away() }
    })
    expect((await attached.brought).unreachable).to.not.deep.equal([])
    await leaving
    const home = await alice.back()
    await home.sync()
    expect(await isWhole(bob, attached)).to.equal(true)
    await Promise.all([alice.away(), alice.proxyAway()])
    const back = await bob.back()
    await back.sync()
    expect(same(await save(back, attached), content)).to.equal(true)
    await alice.proxyBack()
  })

  it('is fetched from the author\'s proxy where the other could not be reached', async () => {
    await bob.proxyAway()
    const content = contentOf(50_000)
    const attached = await attach(alice.parley, conversation, content)
    await attached.brought
    await alice.away()
    await bob.proxyBack()
    const back = await bob.back()
    await back.sync()
    await untilKnown(back, conversation)
    expect(same(await save(back, attached), content)).to.equal(true)
  })
})

function contentOf (bytes: number): Uint8Array {
  return createSeededRandom(5)(bytes)
}

async function attach (parley: Parley, conversation: CID, content: Uint8Array): Promise<AttachedNow> {
  const pieces = Array.from({ length: Math.ceil(content.byteLength / 100_000) }, (_none, index) => content.subarray(index * 100_000, (index + 1) * 100_000))
  return await parley.attach(conversation, pieces, { name: 'plan.bin', body: 'Here it is' })
}

async function save (parley: Parley, { conversation, message, attachment }: AttachedNow): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  await parley.saveFile(conversation, message, attachment, { write: piece => { pieces.push(piece) } })
  return Buffer.concat(pieces)
}

function same (one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other)
}

async function holds ({ proxyStore }: Somebody, { file: { root } }: AttachedNow): Promise<boolean> {
  return await proxyStore.getBlock(root) !== undefined && await proxyStore.get(`/files/held/${root.toString()}`) !== undefined
}

async function isWhole ({ proxyStore }: Somebody, { file: { root, sizeBytes } }: AttachedNow): Promise<boolean> {
  const held = await createFiles({ store: proxyStore, clock: createSystemClock(), random: systemRandom, logger: silentLogger }).held(root)
  return held?.state === 'whole' && held.sizeBytes === sizeBytes
}

/** The log comes from the other proxy by its own way. */
async function untilKnown (parley: Parley, conversation: CID): Promise<void> {
  const giveUpAt = performance.now() + 20_000
  for (;;) {
    const known = await parley.conversations.open(conversation).then(async opened => (await opened.state()).messages.length > 0, () => false)
    if (known) return
    if (performance.now() > giveUpAt) throw new RangeError('the conversation did not come')
    await new Promise(resolve => { setTimeout(resolve, 100) })
    await parley.sync()
  }
}
