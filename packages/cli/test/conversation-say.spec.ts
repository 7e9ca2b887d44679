import { expect } from 'chai'
import { createCircle, shown, type Circle } from './circle.ts'
import type { Person } from './command-world.ts'

interface Wrote { conversation: string, message: string, action: string, sent: { state: string, to: Array<{ name: string, state: string, has: string[] }> } }

describe('the commands with which people talk', function () {
  this.timeout(60_000)
  let circle: Circle
  let [alice, bob]: Person[] = []
  let id: string
  let first: string
  const of = (person: Person | undefined): Person => person as Person

  before(async () => {
    circle = await createCircle('Alice', 'Bob')
    ;[alice, bob] = circle.people
  })

  after(async () => { await circle.end() })

  it('begin a conversation with a first message, which is delivered', async () => {
    const said = await circle.done(of(alice), ['conversation', 'new', '--with', 'bob', '--subject', 'Dinner', '--message', 'Are you hungry?', '--json'])
    const wrote = said.json<Wrote>()
    id = wrote.conversation
    first = wrote.message
    expect(wrote.sent).to.have.property('state', 'delivered')
    expect(wrote.sent.to).to.deep.equal([{ did: of(bob).did, name: 'Bob', state: 'delivered', has: ['device'], reason: null }])
    const state = await shown(of(bob), id)
    expect(state.messages.map(({ body, authorName }) => [authorName, body])).to.deep.equal([['Alice', 'Are you hungry?']])
    expect(state.participants.map(({ name, permission }) => [name, permission])).to.deep.equal([['Alice', 'full'], ['me', 'write']])
  })

  it('say something, by the beginning of an id and from standard input', async () => {
    const said = await circle.done(of(bob), ['conversation', 'say', id.slice(0, 16), '-'], { input: 'Always.\nVery.\n' })
    expect(said.out).to.match(/^Said [0-9a-f]{32}\nDelivered to Alice \(device\)\.\n/)
    const { messages } = await shown(of(alice), id, state => state.messages.length === 2)
    expect(messages[1]).to.include({ body: 'Always.\nVery.', authorName: 'Bob', format: 'plain' })
  })

  it('comment on a message and on a part of one, shown below it', async () => {
    await circle.done(of(bob), ['conversation', 'say', id, 'Since when?', '--reply-to', first.slice(0, 8), '--quote', 'hungry'])
    await circle.done(of(bob), ['conversation', 'say', id, '**You**?', '--reply-to', first, '--part', '4-7', '--markdown'])
    const { messages } = await shown(of(alice), id, state => state.messages.length === 4)
    expect(messages.slice(2).map(({ parent, part, format }) => ({ parent, part, format }))).to.deep.equal([
      { parent: first, part: { from: 8, to: 14 }, format: 'plain' }, { parent: first, part: { from: 4, to: 7 }, format: 'markdown' }
    ])
    const text = (await circle.done(of(alice), ['conversation', 'show', id])).out
    expect(text).to.match(/^Dinner\n/).and.match(/People {4}me \(full\), Bob \(write\)/)
    expect(text.indexOf('Since when?')).to.be.below(text.indexOf('Always.'))
    expect(text).to.match(/\n {4}[0-9a-f]{6,} {2}\S+ \S+ {2}Bob {2}on “hungry”\n {6}\| Since when\?\n/)
  })

  it('change a message, say who did, and refuse to follow what is old', async () => {
    const before = (await shown(of(alice), id)).messages[0]
    await circle.done(of(bob), ['conversation', 'edit', id, first, 'Are you very hungry?', '--markdown'])
    const { messages } = await shown(of(alice), id, state => state.messages[0]?.edited !== null)
    expect(messages[0]).to.deep.include({ body: 'Are you very hungry?', format: 'markdown', author: of(alice).did })
    expect(messages[0]?.edited?.by).to.deep.equal([{ did: of(bob).did, name: 'Bob' }])
    expect((await circle.done(of(alice), ['conversation', 'show', id])).out).to.include('edited by Bob, last ')
    const error = await circle.refused(of(alice), ['conversation', 'edit', id, first, 'Hm', '--follows', before?.version ?? ''], 1)
    expect(error.name).to.equal('StaleEditError')
    expect(error.hint).to.include('parley conversation show')
    await circle.done(of(alice), ['conversation', 'edit', id, first, 'Are you hungry?', '--plain'])
    expect((await shown(of(alice), id)).messages[0]).to.include({ format: 'plain' })
  })

  it('keep a message to oneself for a while', async () => {
    await circle.done(of(bob), ['conversation', 'lock', id, first])
    await shown(of(alice), id, state => state.messages[0]?.lock?.byName === 'Bob')
    expect((await circle.done(of(alice), ['conversation', 'show', id])).out).to.include('locked by Bob until ')
    const error = await circle.refused(of(alice), ['conversation', 'edit', id, first, 'Mine'], 1)
    expect(error.name).to.equal('LockedError')
    expect(error.hint).to.include('parley conversation release')
    await circle.done(of(bob), ['conversation', 'release', id, first])
    await shown(of(alice), id, state => state.messages[0]?.lock === null)
    await circle.done(of(alice), ['conversation', 'lock', id, '--subject'])
    await shown(of(bob), id, state => state.subjectLock?.byName === 'Alice')
    expect((await circle.refused(of(bob), ['conversation', 'rename', id, 'Supper'], 1)).name).to.equal('LockedError')
    await circle.done(of(alice), ['conversation', 'release', id, '--subject'])
    await shown(of(bob), id, state => state.subjectLock === null)
    await circle.done(of(bob), ['conversation', 'rename', id, 'Supper'])
    await shown(of(alice), id, state => state.subject === 'Supper')
  })

  it('take a message away and bring it back', async () => {
    await circle.done(of(alice), ['conversation', 'remove-message', id, first])
    const { messages } = await shown(of(bob), id, state => state.messages[0]?.deleted !== null)
    expect(messages[0]).to.deep.include({ body: null })
    expect((await circle.done(of(bob), ['conversation', 'show', id])).out).to.include('deleted by Alice on ')
    expect((await circle.refused(of(bob), ['conversation', 'recover', id, first], 1)).name).to.equal('NotPermittedError')
    await circle.done(of(alice), ['conversation', 'recover', id, first])
    await shown(of(bob), id, state => state.messages[0]?.body === 'Are you hungry?')
  })

  it('react, and take that back', async () => {
    await circle.done(of(bob), ['conversation', 'react', id, first, '👍'])
    const { messages } = await shown(of(alice), id, state => state.messages[0]?.reactions.length === 1)
    expect(messages[0]?.reactions).to.deep.equal([{ reaction: '👍', by: [{ did: of(bob).did, name: 'Bob' }] }])
    expect((await circle.done(of(alice), ['conversation', 'show', id])).out).to.include('  👍  Bob\n')
    await circle.done(of(bob), ['conversation', 'unreact', id, first, '👍'])
    await shown(of(alice), id, state => state.messages[0]?.reactions.length === 0)
  })

  it('show the newest of it alone', async () => {
    const said = await circle.done(of(alice), ['conversation', 'show', id, '--last', '1'])
    expect(said.out).to.include('… 3 earlier messages').and.not.to.include('Always.')
    expect(said.out, 'what it is about is named').to.match(/on [0-9a-f]{6,} “you”/)
    const { messages, messageCount } = (await circle.done(of(alice), ['conversation', 'show', id, '--last', '2', '--json'])).json<{ messages: unknown[], messageCount: number }>()
    expect([messages.length, messageCount]).to.deep.equal([2, 4])
  })

  it('never let what others write do anything to the terminal', async () => {
    await circle.done(of(bob), ['conversation', 'say', id, 'red \u001b[31m\u009b2J\u202eback\rover'])
    await shown(of(alice), id, state => state.messages.length === 5)
    const { out } = await circle.done(of(alice), ['conversation', 'show', id])
    expect(out).to.include('| red \ufffd[31m\ufffd2Jback\ufffdover')
    expect(out).not.to.match(/(?!\n)\p{Cc}/u)
    const json = (await circle.done(of(alice), ['conversation', 'show', id, '--json'])).out
    expect(json.trimEnd()).not.to.match(/\p{Cc}|\u202e/u)
    expect((JSON.parse(json) as { messages: Array<{ body: string }> }).messages[4]?.body).to.equal('red \u001b[31m\u009b2J\u202eback\rover')
  })

  it('say what is kept when nobody can take it, and bring it later', async () => {
    await of(bob).away()
    const said = await of(alice).say(['conversation', 'say', id, 'Are you there?'])
    expect(said.code).to.equal(5)
    expect(said.out).to.include('Kept on this device for Bob: ').and.to.include('parley inbox')
    await of(bob).back()
    // He listens elsewhere now; whoever of the two speaks first brings both up to date.
    await circle.done(of(bob), ['conversation', 'say', id, 'Here I am'])
    await shown(of(bob), id, state => state.messages.some(({ body }) => body === 'Are you there?'))
  })

  it('refuse what cannot be, by name and with a way out', async () => {
    const wrong: Array<[string[], number, string]> = [
      [['say', id, ''], 2, 'UsageError'],
      [['say', 'nonsense', 'x'], 2, 'UsageError'],
      [['say', 'bafyreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi', 'x'], 3, 'UnknownConversationError'],
      [['say', id, 'x', '--reply-to', 'ffffffff'], 3, 'NoSuchItemError'],
      [['say', id, 'x', '--part', '0-1'], 2, 'UsageError'],
      [['say', id, 'x', '--reply-to', first, '--part', '7-4'], 2, 'UsageError'],
      [['say', id, 'x', '--reply-to', first, '--quote', 'thirsty'], 2, 'UsageError'],
      [['say', id, 'x'.repeat(40_000)], 2, 'TextTooLongError'],
      [['edit', id, first, 'x', '--follows', 'abc'], 2, 'UsageError'],
      [['edit', id, first, 'x', '--plain', '--markdown'], 2, 'UsageError'],
      [['lock', id], 2, 'UsageError'],
      [['release', id, first], 3, 'NoSuchItemError'],
      [['remove-message', id, 'ffffffff'], 3, 'NoSuchItemError'],
      [['react', id, first, 'x'.repeat(40)], 2, 'TextTooLongError'],
      [['show', id, '--last', 'many'], 2, 'UsageError'],
      [['new'], 2, 'UsageError'],
      [['new', '--with', 'Nobody'], 3, 'UnknownContactError'],
      [['new', '--with', 'Bob', '--permission', 'all'], 2, 'UsageError'],
      [['new', '--with', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'], 3, 'UnknownPersonError']
    ]
    const before = await shown(of(alice), id)
    for (const [argv, code, name] of wrong) expect((await circle.refused(of(alice), ['conversation', ...argv], code)).name, argv.join(' ').slice(0, 80)).to.equal(name)
    expect((await shown(of(alice), id)).messages).to.deep.equal(before.messages)
  })
})
