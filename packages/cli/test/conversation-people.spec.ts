import { expect } from 'chai'
import { createCircle, shown, type Circle } from './circle.ts'
import type { Person } from './command-world.ts'

describe('the commands that decide who takes part', function () {
  this.timeout(60_000)
  let circle: Circle
  let [alice, bob, carol]: Person[] = []
  let id: string
  const of = (person: Person | undefined): Person => person as Person

  before(async () => {
    circle = await createCircle('Alice', 'Bob', 'Carol')
    ;[alice, bob, carol] = circle.people
    id = (await circle.done(of(alice), ['conversation', 'new', '--with', 'Bob', '--permission', 'comment', '--subject', 'Rules', '--message', 'No shouting.', '--json'])).json<{ conversation: string }>().conversation
  })

  after(async () => { await circle.end() })

  it('hold everybody to what they may do, and tell them', async () => {
    expect((await shown(of(bob), id)).participants.map(({ name, permission }) => [name, permission])).to.deep.equal([['Alice', 'full'], ['me', 'comment']])
    const error = await circle.refused(of(bob), ['conversation', 'say', id, 'LOUD'], 1)
    expect(error.name).to.equal('NotPermittedError')
    expect(error.hint).to.include('full permission')
    const [message] = (await shown(of(bob), id)).messages
    await circle.done(of(bob), ['conversation', 'say', id, 'Why?', '--reply-to', message?.message ?? ''])
    expect((await circle.refused(of(bob), ['conversation', 'invite', id, 'Carol'], 1)).name).to.equal('NotPermittedError')
  })

  it('change what somebody may do', async () => {
    await circle.done(of(alice), ['conversation', 'permission', id, 'bob', 'write'])
    await shown(of(bob), id, state => state.participants[1]?.permission === 'write')
    await circle.done(of(bob), ['conversation', 'say', id, 'Thank you.'])
    expect((await circle.refused(of(bob), ['conversation', 'permission', id, 'Alice', 'read'], 1)).name).to.equal('NotPermittedError')
  })

  it('let somebody in who reads from then on', async () => {
    const said = await circle.done(of(alice), ['conversation', 'invite', id, 'Carol', '--history', 'from-now', '--permission', 'write'])
    expect(said.out).to.include('Carol: in this conversation now, may write')
    await circle.done(of(alice), ['conversation', 'say', id, 'Welcome.'])
    const state = await shown(of(carol), id, ({ messages }) => messages.some(({ body }) => body === 'Welcome.'))
    expect(state.messages.map(({ body }) => body)).to.deep.equal(['Welcome.'])
    expect(state.subject).to.equal('Rules')
    expect((await circle.done(of(alice), ['conversation', 'show', id])).out).to.include('Carol (write, from when they came)')
  })

  it('take somebody out, who keeps what was said until then', async () => {
    await circle.done(of(alice), ['conversation', 'remove', id, 'Carol'])
    const state = await shown(of(carol), id, ({ status }) => status === 'removed')
    expect(state.former).to.have.length(1)
    await circle.done(of(alice), ['conversation', 'say', id, 'Now we are alone.'])
    await shown(of(bob), id, ({ messages }) => messages.at(-1)?.body === 'Now we are alone.')
    const text = (await circle.done(of(carol), ['conversation', 'show', id])).out
    expect(text).to.include('you were removed').and.to.match(/Was in {4}me, removed by Alice on /).and.to.include('| Welcome.').and.not.to.include('alone')
    expect((await circle.done(of(bob), ['conversation', 'show', id])).out).to.include('Carol, removed by Alice on ')
    const error = await circle.refused(of(carol), ['conversation', 'say', id, 'Hello?'], 1)
    expect([error.name, error.hint]).to.deep.equal(['NotAParticipantError', 'See what you have of it with parley conversation show, or begin another with parley conversation new.'])
  })

  it('go, when they are sure', async () => {
    expect((await of(bob).say(['conversation', 'leave', id], { input: 'no\n' })).code).to.equal(2)
    expect((await circle.done(of(bob), ['conversation', 'leave', id], { input: 'yes\n' })).out).to.include('You left this conversation')
    expect((await shown(of(bob), id)).status).to.equal('left')
    await shown(of(alice), id, ({ former }) => former.some(({ name, by }) => name === 'Bob' && by.name === 'Bob'))
    expect((await circle.done(of(alice), ['conversation', 'show', id])).out).to.include('Bob, left on ')
  })

  it('end, and tell what has ended', async () => {
    const other = (await circle.done(of(alice), ['conversation', 'new', '--with', 'Bob', '--subject', 'Short', '--message', 'Now', '--json'])).json<{ conversation: string }>().conversation
    await circle.done(of(alice), ['conversation', 'expire', other, '2h'])
    const { expires } = await shown(of(bob), other, state => state.expires !== null)
    expect(Date.parse(expires ?? '')).to.be.within(Date.now() + 7_100_000, Date.now() + 7_200_000)
    expect((await circle.done(of(bob), ['conversation', 'show', other])).out).to.match(/Expires {3}\d/)
    await circle.done(of(alice), ['conversation', 'expire', other, 'never'])
    await shown(of(bob), other, state => state.expires === null)
    await circle.done(of(alice), ['conversation', 'expire', other, '2020-01-01'])
    expect((await shown(of(bob), other, state => state.status === 'expired')).messages.map(({ body }) => body)).to.deep.equal(['Now'])
    const error = await circle.refused(of(alice), ['conversation', 'say', other, 'Late'], 1)
    expect(error.name).to.equal('ConversationExpiredError')
    expect((await circle.done(of(bob), ['conversation', 'list'])).out).to.match(/Short .*expired/)
  })

  it('refuse what cannot be, by name', async () => {
    const wrong: Array<[string[], number, string]> = [
      [['invite', id, 'Nobody'], 3, 'UnknownContactError'],
      [['invite', id, 'Carol', '--history', 'some'], 2, 'UsageError'],
      [['invite', id, 'Carol', '--permission', 'most'], 2, 'UsageError'],
      [['invite', id, of(alice).did], 2, 'UsageError'],
      [['permission', id, 'Carol', 'read'], 2, 'UsageError'],
      [['permission', id, 'Alice', 'none'], 2, 'UsageError'],
      [['remove', id, 'Carol'], 2, 'UsageError'],
      [['remove', id, 'me'], 2, 'UsageError'],
      [['expire', id, 'soon'], 2, 'UsageError']
    ]
    for (const [argv, code, name] of wrong) expect((await circle.refused(of(alice), ['conversation', ...argv], code)).name, argv.join(' ')).to.equal(name)
  })
})
