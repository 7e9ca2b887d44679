import { silentLogger } from '@parley/core'
import { expect } from 'chai'
import { createDrafts, type ConversationDraft, type Drafts } from '../../src/index.ts'
import { createCrashStore } from '../kill/crash-store.ts'
import { idsOf } from '../home/support.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica, type World } from '../log/world.ts'
import { createScene, meetAtHome, message } from '../private/support.ts'

async function draftsOf ({ conversations, people, clock, who }: Replica, { random }: World): Promise<Drafts> {
  return createDrafts({ home: await conversations.home(), conversations, people, person: who.did, clock, random, logger: silentLogger })
}

async function all (drafts: Drafts): Promise<ConversationDraft[]> {
  const found: ConversationDraft[] = []
  for await (const draft of drafts.list()) found.push(draft)
  return found
}

const writer = (did: string) => ({ did, permission: 'write', history: 'all' }) as const

describe('a draft', () => {
  it('is made, changed, listed and discarded', async () => {
    const { world, phone, bob } = await createScene()
    const drafts = await draftsOf(phone, world)
    const id = await drafts.create({ subject: 'Dinner', participants: { put: [writer(bob.who.did)] }, items: { put: [{ content: message('one') }, { content: message('two') }] } })
    const [one, two] = (await drafts.get(id)).items
    await drafts.edit(id, { subject: 'Lunch', participants: { put: [{ did: bob.who.did, name: 'Bob', permission: 'comment', history: 'all' }] }, items: { remove: [two?.id ?? ''], put: [{ id: one?.id, content: message('changed') }, { content: message('three') }] } })
    const draft = await drafts.get(id)
    expect(draft).to.deep.include({ id, subject: 'Lunch', begun: world.clock.now(), participants: [{ did: bob.who.did, name: 'Bob', permission: 'comment', history: 'all' }] })
    expect(draft.items.map(({ content }) => 'body' in content ? content.body : undefined)).to.deep.equal(['changed', 'three'])
    expect(await all(drafts)).to.deep.equal([draft])
    await drafts.discard(id)
    expect(await all(drafts)).to.deep.equal([])
    expect(await nameOfRejection(drafts.get(id))).to.equal('UnknownDraftError')
    expect(await nameOfRejection(drafts.edit(id, { subject: 'x' }))).to.equal('UnknownDraftError')
  })

  it('is on its maker’s devices, which change different parts of it at once', async () => {
    const { world, phone, tablet, bob } = await createScene()
    const [here, there] = [await draftsOf(phone, world), await draftsOf(tablet, world)]
    const id = await here.create({ subject: 'Dinner' })
    await meetAtHome(phone, tablet)
    await here.edit(id, { items: { put: [{ content: message('from the phone') }] } })
    await there.edit(id, { subject: 'Supper', items: { put: [{ content: message('from the tablet') }] } })
    await meetAtHome(phone, tablet)
    const draft = await here.get(id)
    expect(await there.get(id)).to.deep.equal(draft)
    expect(draft.subject).to.equal('Supper')
    expect(draft.items).to.have.length(2)
    expect(await idsOf(phone.conversations)).to.deep.equal([])
    expect(await idsOf(bob.conversations, true)).to.deep.equal([])
  })

  it('stays discarded when another device changed it at once', async () => {
    const { world, phone, tablet } = await createScene()
    const [here, there] = [await draftsOf(phone, world), await draftsOf(tablet, world)]
    const id = await here.create({ subject: 'Dinner' })
    await meetAtHome(phone, tablet)
    await here.discard(id)
    await there.edit(id, { subject: 'Supper' })
    await meetAtHome(phone, tablet)
    expect([await all(here), await all(there)]).to.deep.equal([[], []])
  })

  for (const [what, change] of Object.entries({
    'a subject of 513 characters': { subject: 'x'.repeat(513) },
    'an item with another id': { items: { put: [{ id: 'x', content: message('x') }] } },
    'what is no part of a draft': { items: { put: [{ content: { verb: 'delete', thing: 'participant', person: new Uint8Array(32) } as const }] } }
  })) {
    it(`refuses ${what}`, async () => {
      const { world, phone } = await createScene()
      expect(await nameOfRejection((await draftsOf(phone, world)).create(change))).to.equal('InvalidArgumentError')
    })
  }
})

describe('publishing a draft', () => {
  it('says what it comes to, and nothing of how it came to that', async () => {
    const { world, phone, bob } = await createScene()
    const drafts = await draftsOf(phone, world)
    const id = await drafts.create({ subject: 'An earlier subject', participants: { put: [writer(bob.who.did)] }, items: { put: [{ content: message('a deleted text') }] } })
    const begun = world.clock.now()
    const [gone] = (await drafts.get(id)).items
    await world.clock.advance(60_000)
    await drafts.edit(id, { subject: 'Dinner', items: { remove: [gone?.id ?? ''], put: [{ content: message('Hungry?') }] } })
    await world.clock.advance(60_000)
    const conversation = await drafts.publish(id)
    expect(await all(drafts)).to.deep.equal([])
    await carry(phone, bob, conversation.id)
    const state = await (await bob.conversations.open(conversation.id)).state()
    expect(state.subject).to.equal('Dinner')
    expect(state.created).to.equal(world.clock.now())
    expect(state.messages.map(({ body }) => body)).to.deep.equal(['Hungry?'])
    expect(state.participants.map(({ did, permission }) => `${did} ${permission}`)).to.include(`${bob.who.did} write`)
    for await (const { content, time } of (await bob.conversations.open(conversation.id)).actions()) {
      expect(JSON.stringify(content)).not.to.match(/earlier|deleted/)
      expect(time.wallMs).to.be.at.least(begun + 120_000)
    }
    expect(Buffer.concat(await blocksOf(bob, conversation.id)).toString('latin1')).not.to.match(/earlier|deleted/)
  })

  it('makes several conversations of the same people, which go on beside each other', async () => {
    const { world, phone, bob } = await createScene()
    const drafts = await draftsOf(phone, world)
    const made = await Promise.all(['Dinner', 'Dinner', 'Boats'].map(async subject => {
      const id = await drafts.create({ subject, participants: { put: [writer(bob.who.did)] } })
      return await drafts.publish(id)
    }))
    expect(new Set(made.map(({ id }) => id.toString())).size).to.equal(3)
    expect(await idsOf(phone.conversations)).to.have.length(3)
  })

  it('is refused while somebody in it is unknown, and nothing is published', async () => {
    const { world, phone } = await createScene()
    const stranger = await createWorld(77).somebody('Stranger')
    const drafts = await draftsOf(phone, world)
    const id = await drafts.create({ participants: { put: [writer(stranger.did)] } })
    expect(await nameOfRejection(drafts.publish(id))).to.equal('UnknownPersonError')
    expect(await idsOf(phone.conversations)).to.deep.equal([])
    await drafts.edit(id, { participants: { remove: [stranger.did] } })
    await drafts.publish(id)
    expect(await nameOfRejection(drafts.publish(id))).to.equal('UnknownDraftError')
  })

  it('happens once, and whole, whichever write was the last of a killed process', async function () {
    this.timeout(60_000)
    for (const fate of ['killed-before', 'killed-after', 'power-cut'] as const) {
      for (let write = 0, isDone = false; !isDone; write++) {
        const world = createWorld(5)
        const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
        const disk = await createCrashStore()
        const phone = await world.replica(alice, { store: disk.store })
        const drafts = await draftsOf(phone, world)
        const id = await drafts.create({ subject: 'Dinner', participants: { put: [writer(bob.did)] }, items: { put: [{ content: message('Hungry?') }, { content: message('Or not?') }] } }, { durable: true })
        disk.plan(disk.writes + write, fate)
        await drafts.publish(id).catch(() => {})
        isDone = !disk.isDead
        const again = await world.replica(alice, { store: (await disk.restart()).store })
        const rest = await draftsOf(again, world)
        // What was published is there as a whole, or not at all.
        for (const name of await idsOf(again.conversations)) {
          const [found] = (await all(rest)).filter(({ publishing }) => publishing?.conversation.toString() === name)
          const conversation = found?.publishing?.conversation
          if (conversation !== undefined) expect((await (await again.conversations.open(conversation)).state()).messages).to.have.length(2)
        }
        await rest.finish()
        if ((await all(rest)).length > 0) await rest.publish(id)
        expect(await idsOf(again.conversations)).to.have.length(1)
        expect(await all(rest)).to.deep.equal([])
      }
    }
  })

  it('is not changed while it is under way, and goes on on another device', async () => {
    const { world, phone, tablet, bob } = await createScene()
    const [here, there] = [await draftsOf({ ...phone, conversations: { ...phone.conversations, create: async () => { throw new Error('the disk is full') } } }, world), await draftsOf(tablet, world)]
    const id = await here.create({ subject: 'Dinner', participants: { put: [writer(bob.who.did)] }, items: { put: [{ content: message('Hungry?') }] } })
    await here.publish(id).catch(() => {})
    expect(await nameOfRejection(here.edit(id, { subject: 'x' }))).to.equal('DraftPublishingError')
    await meetAtHome(phone, tablet)
    const conversation = await there.publish(id)
    const again = await draftsOf(phone, world)
    // The phone did not hear of it yet, and publishes the same.
    expect((await again.publish(id)).id.toString()).to.equal(conversation.id.toString())
    await carry(phone, tablet, conversation.id)
    await carry(tablet, phone, conversation.id)
    const state = await conversation.state()
    expect(state.messages.map(({ body }) => body)).to.deep.equal(['Hungry?'])
    expect(state.subject).to.equal('Dinner')
  })
})
