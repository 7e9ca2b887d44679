import { silentLogger } from '@parley/core'
import { expect } from 'chai'
import { createReadNotices, type Conversation, type PrivateState, type ReadNotices } from '../../src/index.ts'
import { carry } from '../log/world.ts'
import { createScene, meet, message, newestOf, privateStateOf, type Scene } from './support.ts'

interface Reader { notices: ReadNotices, privateState: PrivateState, scene: Scene, dinner: Conversation, bobs: Conversation }

async function reader (): Promise<Reader> {
  const scene = await createScene()
  const { phone, bob } = scene
  const privateState = await privateStateOf(phone)
  const notices = createReadNotices({ ...phone, home: await phone.conversations.home(), privateState, person: phone.who.did, logger: silentLogger })
  const dinner = await phone.conversations.create({ subject: 'Dinner', participants: [bob.who.did] })
  await carry(phone, bob, dinner.id)
  return { scene, notices, privateState, dinner, bobs: await bob.conversations.open(dinner.id) }
}

async function say ({ scene: { world, phone, bob }, bobs }: Reader, ...bodies: string[]): Promise<void> {
  await world.clock.advance(10)
  await bobs.appendAll(bodies.map(message))
  await carry(bob, phone, bobs.id)
}

async function seenIn (conversation: Conversation): Promise<string[]> {
  const seen: string[] = []
  for await (const { content } of conversation.actions()) if (content?.verb === 'seen') seen.push(content.action.toString())
  return seen
}

describe('read notices', () => {
  it('are not sent when nobody asked for them', async () => {
    const it = await reader()
    await say(it, 'Hungry?')
    await it.notices.markRead(it.dinner.id)
    await it.notices.flush()
    expect(await seenIn(it.dinner)).to.deep.equal([])
    expect((await it.privateState.get(it.dinner.id)).readTo).to.deep.equal(await newestOf(it.dinner))
  })

  it('are one for all that was read within a moment', async () => {
    const it = await reader()
    await it.notices.sendByDefault(true)
    for (const body of ['one', 'two', 'three']) {
      await say(it, body)
      await it.notices.markRead(it.dinner.id)
    }
    const newest = await newestOf(it.dinner)
    await it.notices.flush()
    expect(await seenIn(it.dinner)).to.deep.equal([newest.action.toString()])
    const state = await it.dinner.state()
    expect(state.seen[it.scene.alice.did]?.action.toString()).to.equal(newest.action.toString())
    expect(state.seen[it.scene.bob.who.did]).to.equal(null)
  })

  it('are sent by themselves a moment later', async () => {
    const it = await reader()
    await it.privateState.set(it.dinner.id, { notices: true })
    await say(it, 'Hungry?')
    await it.notices.markRead(it.dinner.id)
    await it.scene.world.clock.advance(2000)
    await it.notices.flush()
    expect(await seenIn(it.dinner)).to.have.length(1)
  })

  it('are not sent of a conversation that is set otherwise', async () => {
    const it = await reader()
    await it.notices.sendByDefault(true)
    await it.privateState.set(it.dinner.id, { notices: false })
    await say(it, 'Hungry?')
    await it.notices.markRead(it.dinner.id)
    await it.notices.stop()
    expect(await seenIn(it.dinner)).to.deep.equal([])
  })

  it('answer no notices, nor what was told before, nor oneself', async () => {
    const it = await reader()
    const { phone, bob } = it.scene
    await it.notices.sendByDefault(true)
    const others = createReadNotices({ ...bob, home: await bob.conversations.home(), privateState: await privateStateOf(bob), person: bob.who.did, logger: silentLogger })
    await others.sendByDefault(true)
    await it.dinner.append(message('from Alice'))
    await say(it, 'Hungry?')
    const both = [it.notices, others] as const
    for (let round = 0; round < 3; round++) {
      for (const notices of both) {
        await notices.markRead(it.dinner.id)
        await notices.flush()
        await meet(phone, bob, it.dinner.id)
      }
    }
    const byPerson = new Map<string, number>()
    for await (const { content, person } of it.dinner.actions()) if (content?.verb === 'seen') byPerson.set(person, (byPerson.get(person) ?? 0) + 1)
    expect([...byPerson.values()]).to.deep.equal([1, 1])
  })

  it('tell of no more than was read', async () => {
    const it = await reader()
    await it.notices.sendByDefault(true)
    await say(it, 'one')
    const first = await newestOf(it.dinner)
    await say(it, 'two')
    await it.notices.markRead(it.dinner.id, first)
    await it.notices.flush()
    expect(await seenIn(it.dinner)).to.deep.equal([first.action.toString()])
  })
})
