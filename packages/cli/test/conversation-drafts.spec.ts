import { expect } from 'chai'
import { createCircle, shown, type Circle } from './circle.ts'
import type { Person } from './command-world.ts'

interface Draft { draft: string, subject: string, participants: Array<{ name: string, permission: string }>, items: Array<{ item: string, kind: string, body?: string, format?: string, label?: string }> }

describe('the commands for drafts', function () {
  this.timeout(60_000)
  let circle: Circle
  let [alice, bob]: Person[] = []
  let id: string
  const of = (person: Person | undefined): Person => person as Person
  const draft = async (...argv: string[]): Promise<Draft> => (await circle.done(of(alice), ['draft', ...argv, '--json'])).json()

  before(async () => {
    circle = await createCircle('Alice', 'Bob', 'Carol')
    ;[alice, bob] = circle.people
  })

  after(async () => { await circle.end() })

  it('begin a conversation that nobody sees', async () => {
    expect((await circle.done(of(alice), ['draft', 'list'])).out).to.include('No drafts')
    const made = await draft('new', '--with', 'Bob', '--subject', 'Dinner', '--message', 'Are you hungry?', '--label', 'food')
    id = made.draft
    expect(made).to.deep.include({ subject: 'Dinner' })
    expect(made.items.map(({ kind }) => kind)).to.deep.equal(['add message', 'add label'])
    expect((await circle.done(of(alice), ['draft', 'list'])).out).to.match(new RegExp(`${id.slice(0, 8)} .* Dinner +Bob +2`))
    expect((await circle.done(of(bob), ['conversation', 'list', '--json'])).json()).to.deep.equal({ conversations: [], next: null })
  })

  it('change it in every part', async () => {
    const before = await draft('show', id.slice(0, 8))
    const [message, label] = before.items
    await draft('edit', id, '--subject', 'Dinner on Friday', '--with', 'Carol', '--permission', 'comment', '--replace', message?.item.slice(0, 8) ?? '', '--message', 'Are you **very** hungry?', '--markdown')
    await draft('edit', id, '--remove', label?.item ?? '', '--expires', '7d')
    await draft('edit', id, '--message', 'I am.')
    const after = await draft('edit', id, '--without', 'Carol', '--expires', '8d')
    expect(after.participants.map(({ name, permission }) => [name, permission])).to.deep.equal([['Bob', 'write']])
    expect(after.items.map(({ kind, body, format }) => [kind, body, format])).to.deep.equal([['add message', 'Are you **very** hungry?', 'markdown'], ['modify expiry', undefined, undefined], ['add message', 'I am.', 'plain']])
    expect((await circle.done(of(alice), ['draft', 'show', id])).out).to.include('Dinner on Friday\n').and.to.include('message, Markdown\n  | Are you **very** hungry?').and.to.include('Bob (write)')
  })

  it('publish it as it is then, once', async () => {
    const { conversation, sent } = (await circle.done(of(alice), ['draft', 'publish', id, '--json'])).json<{ conversation: string, sent: { state: string } }>()
    expect(sent.state).to.equal('delivered')
    const state = await shown(of(bob), conversation)
    expect([state.subject, state.messages.map(({ body }) => body)]).to.deep.equal(['Dinner on Friday', ['Are you **very** hungry?', 'I am.']])
    expect(state.expires).not.to.equal(null)
    expect((await circle.refused(of(alice), ['draft', 'publish', id], 3)).name).to.equal('NoSuchItemError')
  })

  it('discard one', async () => {
    const made = await draft('new', '--subject', 'Nothing')
    await draft('discard', made.draft.slice(0, 10))
    expect((await circle.done(of(alice), ['draft', 'list', '--json'])).json()).to.deep.equal([])
  })

  it('refuse what cannot be, by name', async () => {
    const { draft: other, items } = await draft('new', '--with', 'Bob', '--label', 'food')
    const wrong: Array<[string[], number, string]> = [
      [['show', 'ffffffff'], 3, 'NoSuchItemError'],
      [['edit', other], 2, 'UsageError'],
      [['edit', other, '--markdown'], 2, 'UsageError'],
      [['edit', other, '--permission', 'read'], 2, 'UsageError'],
      [['edit', other, '--remove', 'ffffffff'], 3, 'NoSuchItemError'],
      [['edit', other, '--message', 'x', '--replace', items[0]?.item ?? ''], 2, 'UsageError'],
      [['edit', other, '--subject', 'x'.repeat(1000)], 2, 'UsageError'],
      [['new', '--with', 'Nobody'], 3, 'UnknownContactError'],
      [['discard', 'ffffffff'], 3, 'NoSuchItemError']
    ]
    for (const [argv, code, name] of wrong) expect((await circle.refused(of(alice), ['draft', ...argv], code)).name, argv.join(' ').slice(0, 80)).to.equal(name)
  })
})
