import type { CID } from '@parley/core'
import { expect } from 'chai'
import type { Conversation, ConversationState } from '../../src/index.ts'
import { carry, createWorld, nameOfRejection, type Replica, type World } from '../log/world.ts'

describe('what people do in a conversation', () => {
  let world: World
  let alice: Replica
  let bob: Replica
  let here: Conversation
  let there: Conversation

  beforeEach(async () => {
    world = createWorld(42)
    const [a, b] = [await world.somebody('Alice'), await world.somebody('Bob')]
    alice = await world.replica(a)
    bob = await world.replica(b)
    here = await alice.conversations.create({ subject: 'Dinner', participants: [b.did] })
    await carry(alice, bob, here.id)
    there = await bob.conversations.open(here.id)
  })
  const meet = async (): Promise<ConversationState> => {
    await carry(alice, bob, here.id)
    await carry(bob, alice, here.id)
    const state = await here.state()
    expect(await there.state()).to.deep.equal(state)
    return state
  }

  it('is the same for both, whoever did it', async () => {
    const { id } = await here.say({ body: '# hello', format: 'markdown' })
    await meet()
    const comment = await there.say({ body: 'hm', parent: id, part: { from: 2, to: 7 } })
    await there.react(id, '👍')
    await there.react(id, '👍')
    await there.unreact(id, '👍')
    await there.react(id, 'constructor')
    await there.label('food')
    await there.label('later')
    await there.unlabel('later')
    await there.setName(bob.who.did, 'Bobby')
    await there.played(id, { positionMs: 1, done: true })
    const extra = await there.addExtra({ kind: 'appointment', text: 'Dinner at 8', data: { title: 'Dinner', startsAt: 1_700_000_000_000 } })
    await there.editExtra(extra.id, { text: 'Dinner at 9', data: { title: 'Dinner', startsAt: 1_700_003_600_000 } })
    await meet()
    await here.respond(extra.id, 'maybe')
    await here.respond(extra.id, 'yes')
    await here.rename('Late dinner')
    await here.setPermission(bob.who.did, 'full')
    await here.summariseCall({ kinds: ['audio'], startedAt: 1, durationMs: 2, outcome: 'answered', participants: [alice.who.did, bob.who.did] })
    const state = await meet()
    expect(state.subject).to.equal('Late dinner')
    expect(state.labels).to.deep.equal(['food'])
    expect(state.messages.map(({ body, format, parent, part }) => ({ body, format, parent, part }))).to.deep.equal([
      { body: '# hello', format: 'markdown', parent: undefined, part: undefined },
      { body: 'hm', format: 'plain', parent: id, part: { from: 2, to: 7 } }
    ])
    expect(state.messages[1]?.id).to.equal(comment.id)
    expect(state.messages[0]?.reactions).to.deep.equal({ constructor: [bob.who.did] })
    expect(state.participants.map(({ name, permission, history }) => ({ name, permission, history }))).to.deep.equal([{ name: undefined, permission: 'full', history: 'all' }, { name: 'Bobby', permission: 'full', history: 'all' }])
    expect(state.extras[0]).to.deep.include({ kind: 'appointment', text: 'Dinner at 9', editors: [bob.who.did] })
    expect(state.extras[0]?.responses[alice.who.did]).to.include({ answer: 'yes' })
    expect(state.calls[0]).to.deep.include({ author: alice.who.did, outcome: 'answered', missed: [] })
    await there.eraseExtra(extra.id)
    expect((await meet()).extras[0]).to.have.property('deleted')
  })

  it('says by name what cannot be', async () => {
    const nowhere = '00'.repeat(16)
    for (const [name, act] of Object.entries<() => Promise<unknown>>({
      edit: async () => await here.edit(nowhere, { body: '' }),
      erase: async () => await here.erase(nowhere),
      recover: async () => await here.recover('no id at all'),
      lock: async () => await here.lock(nowhere),
      release: async () => await here.release(nowhere),
      releaseSubject: async () => await here.releaseSubject(),
      detach: async () => await here.detach(nowhere, 'x'),
      react: async () => await here.react(nowhere, '👍'),
      comment: async () => await here.say({ body: 'a', parent: nowhere }),
      unlabel: async () => await here.unlabel('none'),
      respond: async () => await here.respond(nowhere, 'yes'),
      seen: async () => await here.seen(here.id),
      remove: async () => await here.remove((await world.somebody('Zoe')).did)
    })) expect(await nameOfRejection(act()), name).to.be.oneOf(name === 'remove' ? ['NotPermittedError', 'NoSuchItemError'] : ['NoSuchItemError'])
    expect(await nameOfRejection(here.invite((await world.somebody('Zoe')).did))).to.equal('UnknownPersonError')
    expect(await nameOfRejection(here.rename('x'.repeat(513)))).to.equal('TextTooLongError')
    expect(await nameOfRejection(here.label(''))).to.equal('InvalidBytesError')
    expect(await nameOfRejection(here.addExtra({ kind: 'location', text: 'here', data: { latitude: 91, longitude: 0 } }))).to.equal('InvalidArgumentError')
    const survey = await here.addExtra({ kind: 'survey', text: 'Where?', data: { question: 'Where?', options: ['here', 'there'] } })
    expect(await nameOfRejection(here.respond(survey.id, [0, 1]))).to.equal('InvalidArgumentError')
    expect(await nameOfRejection(here.respond(survey.id, [2]))).to.equal('InvalidArgumentError')
    await here.respond(survey.id, [1])
    const unknown = await here.addExtra({ kind: 'hologram', text: 'a hologram', data: { anything: [1, { at: 'all' }] } })
    await here.respond(unknown.id, 'nice')
    expect((await meet()).extras.map(({ kind, text }) => [kind, text])).to.deep.equal([['survey', 'Where?'], ['hologram', 'a hologram']])
  })

  it('shows whoever comes later what the subject and the end are, and lets them change both', async () => {
    const carol = await world.replica(await world.somebody('Carol'))
    await world.introduce(alice)
    await world.introduce(bob)
    await here.rename('Breakfast')
    await here.expire(world.clock.now() + 3_600_000)
    await here.say({ body: 'before' })
    await here.invite(carol.who.did, { permission: 'full', history: 'from-now' })
    await carry(alice, carol, here.id)
    const hers = await carol.conversations.open(here.id)
    expect(await hers.state()).to.include({ subject: 'Breakfast', expiresAt: world.clock.now() + 3_600_000 })
    await hers.rename('Brunch')
    await hers.expire(world.clock.now() + 7_200_000)
    await hers.say({ body: 'after' })
    await carry(carol, alice, here.id)
    const state = await meet()
    expect(state).to.include({ subject: 'Brunch', expiresAt: world.clock.now() + 7_200_000 })
    expect(state.conflicts).to.deep.equal({ subject: [], expiry: [] })
    await here.rename('Lunch')
    await carry(alice, carol, here.id)
    expect((await hers.state()).subject).to.equal('Lunch')
    expect((await hers.state()).messages.map(({ body }) => body)).to.deep.equal(['after'])
  })

  it('is told when it is at odds with what another did at once, and only then', async () => {
    const { id } = await here.say({ body: 'one' })
    await meet()
    await here.edit(id, { body: 'Alice’s' })
    await world.clock.advance(10)
    await there.edit(id, { body: 'Bob’s' })
    const told: Array<{ by: string, kept: string, thing: string }> = []
    const next = new Promise<void>(resolve => {
      alice.conversations.on('conflict', ({ item, lost, kept }) => {
        told.push({ by: lost.by, kept: kept.by, thing: item.thing })
        resolve()
      })
    })
    await carry(bob, alice, here.id)
    await next
    expect(told).to.deep.equal([{ by: alice.who.did, kept: bob.who.did, thing: 'message' }])
    await here.state()
    await meet()
    expect(told).to.have.length(1)
    await alice.conversations.stop()
    const again = await world.replica(alice.who, { store: alice.store })
    again.conversations.on('conflict', () => { told.push({ by: '', kept: '', thing: '' }) })
    const { messages } = await (await again.conversations.open(here.id)).state()
    expect(messages[0]?.conflicts.map(({ by }) => by)).to.deep.equal([alice.who.did])
    expect(told).to.have.length(1)
  })

  it('can be watched: the newest state each time, until one stops', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    let wake = (): void => {}
    const watching = (async () => {
      for await (const { messages } of here.watch({ signal: stop.signal })) {
        seen.push(messages.length)
        wake()
      }
    })()
    const until = async (count: number): Promise<void> => {
      while (seen.at(-1) !== count) await new Promise<void>(resolve => { wake = resolve })
    }
    await until(0)
    await here.say({ body: 'one' })
    await until(1)
    await here.appendAll([2, 3, 4].map(value => ({ verb: 'add', thing: 'message', message: new Uint8Array(16).fill(value), body: 'more' } as const)))
    await until(4)
    expect(seen).to.deep.equal([0, 1, 4])
    stop.abort()
    expect(await nameOfRejection(watching)).to.equal('AbortError')
    const other = here.watch()
    const first = await other.next()
    expect(first.done === true ? undefined : first.value.messages).to.have.length(4)
    const ended = other.next()
    await alice.conversations.stop()
    expect((await ended).done).to.equal(true)
  })

  it('is listed from an action on', async () => {
    const { cid } = await here.say({ body: 'one' })
    await here.say({ body: 'two' })
    const from = async (from: CID): Promise<number> => {
      let count = 0
      for await (const _action of here.actions({ from })) count++
      return count
    }
    expect(await from(cid)).to.equal(2)
    expect(await nameOfRejection(from(here.id))).to.equal('NoSuchItemError')
  })
})
