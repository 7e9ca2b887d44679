import { expect } from 'chai'
import { command, type Said } from './harness/command.ts'
import { createPerson, introduce, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll } from './harness/parley-process.ts'

interface Shown {
  subject: string
  status: string
  participants: Array<{ name: string }>
  messages: Array<{ message: string, body: string | null, parent: string | null, lock: { byName: string } | null, conflicts: Array<{ kind: string, byName: string, value?: { body?: string } }> }>
}

describe('two people who talk by the command line, each with a proxy', function () {
  this.timeout(180_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let alice: TestPerson
  let bob: TestPerson
  let id: string
  let first: string
  const say = async (person: TestPerson, ...args: string[]): Promise<Said> => await command([...args, '--data', person.device])
  const done = async (person: TestPerson, ...args: string[]): Promise<Said> => {
    const said = await say(person, ...args)
    expect(said.code, `${person.name}: ${args.join(' ')}: ${said.err}${said.out}`).to.equal(0)
    return said
  }
  const show = async (person: TestPerson, conversation = id): Promise<Shown> => (await done(person, 'conversation', 'show', conversation, '--fetch', '--json')).json<Shown & Record<string, unknown>>()

  before(async () => {
    folder = await scenarioFolder()
    ;[alice, bob] = await Promise.all([createPerson(folder.path, 'Alice'), createPerson(folder.path, 'Bob')])
    await introduce(alice, bob)
  })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  it('drafts a conversation and publishes it, to the other’s proxy', async () => {
    const { draft } = (await done(alice, 'draft', 'new', '--with', 'Bob', '--subject', 'Dinner', '--message', 'Are you hungry?', '--json')).json<{ draft: string }>()
    await done(alice, 'draft', 'edit', draft, '--subject', 'Dinner on Friday')
    const published = (await done(alice, 'draft', 'publish', draft, '--json')).json<{ conversation: string, sent: { state: string, to: Array<{ name: string, has: string[] }> } }>()
    id = published.conversation
    expect(published.sent.state).to.equal('delivered')
    expect(published.sent.to.find(({ name }) => name === 'Bob')?.has).to.deep.equal(['proxy'])
    const state = await show(bob)
    expect([state.subject, state.messages.map(({ body }) => body)]).to.deep.equal(['Dinner on Friday', ['Are you hungry?']])
    first = state.messages[0]?.message ?? ''
    expect((await done(bob, 'conversation', 'list', '--unread')).out).to.include('Dinner on Friday').and.to.include('Alice: Are you hungry?')
  })

  it('shows both of them what was changed at once under a lock', async () => {
    await Promise.all([alice.proxy.stop(), bob.proxy.stop()])
    const locked = await say(alice, 'conversation', 'lock', id, first)
    const edited = await say(bob, 'conversation', 'edit', id, first, 'Are you thirsty?')
    expect([locked.code, edited.code], `${locked.err}${edited.err}`).to.deep.equal([5, 5])
    expect(edited.out).to.include('Kept on this device for Alice: ')
    await Promise.all([alice.restartProxy(), bob.restartProxy()])
    await done(bob, 'inbox')
    await done(alice, 'inbox')
    for (const person of [alice, bob]) {
      const [message] = (await show(person)).messages
      expect(message?.body, person.name).to.equal('Are you hungry?')
      expect(message?.lock?.byName).to.equal(person === alice ? 'me' : 'Alice')
      expect(message?.conflicts.map(({ kind, byName, value }) => [kind, byName, value?.body])).to.deep.equal([['edit', person === bob ? 'me' : 'Bob', 'Are you thirsty?']])
    }
    expect((await done(alice, 'conversation', 'show', id)).out).to.match(/conflict: Bob, .* meant at the same time: “Are you thirsty\?”/)
    const refused = await say(bob, 'conversation', 'edit', id, first, 'Now?')
    expect(refused.code).to.equal(1)
    expect(refused.err).to.include('changes this now').and.to.include('parley conversation release')
    await done(alice, 'conversation', 'edit', id, first, 'Are you hungry, or thirsty?', '--release')
  })

  it('comments on a part of a message', async () => {
    await show(bob)
    await done(bob, 'conversation', 'say', id, 'Both.', '--reply-to', first.slice(0, 8), '--quote', 'hungry, or thirsty')
    expect((await show(alice)).messages.at(-1)).to.include({ body: 'Both.', parent: first })
    expect((await done(alice, 'conversation', 'show', id)).out).to.match(/\n {4}[0-9a-f]+ .* Bob {2}on “hungry, or thirsty”\n {6}\| Both\.\n/)
  })

  it('leaves whoever is removed with what was said until then', async () => {
    await done(alice, 'conversation', 'remove', id, 'Bob')
    await done(alice, 'conversation', 'say', id, 'He is gone.')
    const state = await show(bob)
    expect([state.status, state.messages.map(({ body }) => body)]).to.deep.equal(['removed', ['Are you hungry, or thirsty?', 'Both.']])
    const refused = await say(bob, 'conversation', 'say', id, 'Hello?', '--json')
    expect([refused.code, refused.json<{ error: { name: string } }>().error.name]).to.deep.equal([1, 'NotAParticipantError'])
    expect((await show(alice)).messages.map(({ body }) => body)).to.include('He is gone.')
  })

  it('shows that a conversation has ended', async () => {
    const { conversation } = (await done(alice, 'conversation', 'new', '--with', 'Bob', '--subject', 'Offer', '--message', 'Today only', '--json')).json<{ conversation: string }>()
    expect((await show(bob, conversation)).status).to.equal('active')
    await done(alice, 'conversation', 'expire', conversation, '2020-01-01')
    expect((await show(bob, conversation)).status).to.equal('expired')
    expect((await done(bob, 'conversation', 'show', conversation)).out).to.match(/Status {4}expired on 2020-01-01/)
    expect((await say(bob, 'conversation', 'say', conversation, 'Still?')).err).to.include('expired').and.to.include('parley conversation new')
  })
})
