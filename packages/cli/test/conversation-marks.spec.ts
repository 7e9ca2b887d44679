import { expect } from 'chai'
import { createCircle, shown, type Circle } from './circle.ts'
import type { Person } from './command-world.ts'

interface Listed { conversations: Array<{ id: string, subject: string, unread: number, isUnread: boolean, labels: { private: string[], shared: string[] }, preview: { text: string, authorName: string } | null, mutedUntil: string | null, marks: string[] }>, next: string | null }

describe('the commands with which people keep order', function () {
  this.timeout(60_000)
  let circle: Circle
  let [alice, bob]: Person[] = []
  const ids: string[] = []
  const of = (person: Person | undefined): Person => person as Person
  const list = async (person: Person | undefined, ...flags: string[]): Promise<Listed> => (await circle.done(of(person), ['conversation', 'list', '--json', ...flags])).json()
  const subjects = async (...flags: string[]): Promise<string[]> => (await list(bob, ...flags)).conversations.map(({ subject }) => subject)
  const [dinner, chess, work]: [() => string, () => string, () => string] = [() => ids[0] ?? '', () => ids[1] ?? '', () => ids[2] ?? '']

  before(async () => {
    circle = await createCircle('Alice', 'Bob')
    ;[alice, bob] = circle.people
    for (const subject of ['Dinner', 'Chess', 'Work']) {
      ids.push((await circle.done(of(alice), ['conversation', 'new', '--with', 'Bob', '--subject', subject, '--message', `About ${subject}`, '--json'])).json<{ conversation: string }>().conversation)
    }
    await shown(of(bob), work())
  })

  after(async () => { await circle.end() })

  it('list conversations with what is new and how it begins, by pages', async () => {
    const { conversations, next } = await list(bob, '--limit', '2')
    expect(conversations.map(({ subject, unread, preview }) => [subject, unread, preview?.authorName, preview?.text])).to.deep.equal([['Work', 1, 'Alice', 'About Work'], ['Chess', 1, 'Alice', 'About Chess']])
    const rest = await list(bob, '--limit', '2', '--after', next ?? '')
    expect(rest.conversations.map(({ subject }) => subject)).to.deep.equal(['Dinner'])
    expect(rest.next).to.equal(null)
    const text = (await circle.done(of(bob), ['conversation', 'list', '--limit', '1'])).out
    expect(text).to.match(/^ID +WHEN +NEW +WITH +SUBJECT +LAST/).and.to.match(new RegExp(`${work().slice(0, 16)} .* 1 +Alice +Work +Alice: About Work`)).and.to.match(/More: --after \S+\n/)
    expect((await circle.done(of(bob), ['conversation', 'list', '--fetch', '--json'])).json()).to.have.property('unreachable')
  })

  it('mark as read and unread', async () => {
    await circle.done(of(bob), ['conversation', 'mark', chess(), 'read'])
    expect(await subjects('--unread')).to.deep.equal(['Work', 'Dinner'])
    await circle.done(of(bob), ['conversation', 'mark', chess(), 'unread'])
    expect(await subjects('--unread')).to.deep.equal(['Work', 'Chess', 'Dinner'])
    expect((await shown(of(alice), chess())).seen.find(({ name }) => name === 'Bob')?.action, 'nobody is told').to.equal(null)
  })

  it('tell others how far was read, where that is wanted, or once', async () => {
    await circle.done(of(bob), ['conversation', 'mark', dinner(), 'notices', 'read'])
    await shown(of(alice), dinner(), ({ seen }) => seen.some(({ name, action }) => name === 'Bob' && action !== null))
    await circle.done(of(bob), ['conversation', 'seen', work()])
    await shown(of(alice), work(), ({ seen }) => seen.some(({ name, action }) => name === 'Bob' && action !== null))
    expect((await circle.done(of(alice), ['conversation', 'show', work()])).out).to.match(/Seen by {3}Bob on /)
    const { heads } = (await circle.done(of(alice), ['conversation', 'show', work(), '--json'])).json<{ heads: string[] }>()
    await circle.done(of(alice), ['conversation', 'seen', work(), heads[0] ?? ''])
  })

  it('put away until somebody says something', async () => {
    await circle.done(of(bob), ['conversation', 'mark', chess(), 'archived', 'read'])
    expect(await subjects()).to.deep.equal(['Work', 'Dinner'])
    expect(await subjects('--archived')).to.deep.equal(['Chess'])
    expect(await subjects('--all')).to.deep.equal(['Work', 'Chess', 'Dinner'])
    await circle.done(of(alice), ['conversation', 'say', chess(), 'Your turn'])
    await shown(of(bob), chess(), ({ messages }) => messages.length === 2)
    expect(await subjects()).to.deep.equal(['Chess', 'Work', 'Dinner'])
    await circle.done(of(bob), ['conversation', 'mark', chess(), 'archived'])
    await circle.done(of(bob), ['conversation', 'mark', chess(), 'active'])
    expect(await subjects('--archived')).to.deep.equal([])
  })

  it('mute, for a time, and have favourites', async () => {
    await circle.done(of(bob), ['conversation', 'mark', work(), 'muted', 'favourite', '--until', '8h'])
    const { conversations: [listed] } = await list(bob, '--muted', '--favourite')
    expect(listed?.marks).to.deep.equal(['muted', 'favourite'])
    expect(Date.parse(listed?.mutedUntil ?? '')).to.be.above(Date.now() + 7 * 3_600_000)
    await circle.done(of(bob), ['conversation', 'mark', work(), 'unmuted', 'ordinary', 'discreet'])
    expect((await list(bob, '--muted')).conversations).to.deep.equal([])
    expect((await shown(of(bob), work())).own).to.deep.include({ muted: null, favourite: false, notices: false })
  })

  it('label for oneself and for everybody, and find by label, person and subject', async () => {
    await circle.done(of(bob), ['conversation', 'label', work(), 'later', 'dull', '--private'])
    await circle.done(of(bob), ['conversation', 'label', dinner(), 'food'])
    await shown(of(alice), dinner(), ({ labels }) => labels.includes('food'))
    expect((await shown(of(alice), work())).labels).to.deep.equal([])
    expect(await subjects('--label', 'later')).to.deep.equal(['Work'])
    expect(await subjects('--label', 'food')).to.deep.equal(['Dinner'])
    expect(await subjects('--with', 'Alice', '--subject', 'chess')).to.deep.equal(['Chess'])
    expect((await circle.done(of(bob), ['conversation', 'show', work()])).out).to.match(/Yours {5}#dull #later/)
    await circle.done(of(bob), ['conversation', 'unlabel', work(), 'later', '--private'])
    expect((await shown(of(bob), work())).own.labels).to.deep.equal(['dull'])
    await circle.done(of(alice), ['conversation', 'unlabel', dinner(), 'food'])
    await shown(of(bob), dinner(), ({ labels }) => labels.length === 0)
  })

  it('note something for oneself', async () => {
    await circle.done(of(bob), ['conversation', 'note', dinner(), 'Bring wine'])
    expect((await shown(of(bob), dinner())).own.note).to.equal('Bring wine')
    expect((await circle.done(of(bob), ['conversation', 'show', dinner()])).out).to.match(/Note {6}Bring wine/)
    expect((await shown(of(alice), dinner())).own.note).to.equal(null)
    await circle.done(of(bob), ['conversation', 'note', dinner(), ''])
    expect((await shown(of(bob), dinner())).own.note).to.equal(null)
  })

  it('find words, with what was found marked', async () => {
    await circle.done(of(alice), ['conversation', 'say', dinner(), 'Shall we have a crispy pizza on Friday?'])
    await shown(of(bob), dinner(), ({ messages }) => messages.length === 2)
    const { out } = await circle.done(of(bob), ['search', 'pizza'])
    expect(out).to.include('Dinner').and.to.include('Alice\n  Shall we have a crispy [pizza] on Friday?')
    const found = async (...argv: string[]): Promise<unknown[]> => (await circle.done(of(bob), ['search', ...argv, '--json'])).json<unknown[]>()
    expect((await found('crispy', 'friday'))[0]).to.deep.include({ conversation: dinner(), subject: 'Dinner', kind: 'message', authorName: 'Alice' })
    expect(await found('pizza', '--from', 'me')).to.deep.equal([])
    expect(await found('pizza', '--from', 'Alice', '--since', '1d', '--in', dinner())).to.have.length(1)
    expect(await found('pizza', '--in', chess())).to.deep.equal([])
    expect(await found('pizza', '--until', '2020-01-01')).to.deep.equal([])
    expect(await found('pizza', 'turn', '--any', '--once')).to.have.length(2)
    expect(await found('about', '--limit', '2')).to.have.length(2)
    expect((await circle.done(of(bob), ['search', 'aardvark'])).out).to.equal('Nothing was found.\n')
  })

  it('refuse what cannot be, by name', async () => {
    const wrong: Array<[string[], number, string]> = [
      [['conversation', 'mark', work(), 'purple'], 2, 'UsageError'],
      [['conversation', 'mark', work(), 'read', '--until', '2h'], 2, 'UsageError'],
      [['conversation', 'label', work(), '', '--private'], 2, 'UsageError'],
      [['conversation', 'label', work(), 'x'.repeat(65)], 2, 'TextTooLongError'],
      [['conversation', 'note', work(), 'x'.repeat(100_000)], 2, 'UsageError'],
      [['conversation', 'seen', work(), 'abc'], 2, 'UsageError'],
      [['conversation', 'list', '--all', '--archived'], 2, 'UsageError'],
      [['conversation', 'list', '--limit', '0'], 2, 'UsageError'],
      [['conversation', 'list', '--after', 'nothing'], 2, 'InvalidArgumentError'],
      [['conversation', 'list', '--with', 'Nobody'], 3, 'UnknownContactError'],
      [['search', 'x', '--since', 'once'], 2, 'UsageError'],
      [['search', 'x', '--from', 'Nobody'], 3, 'UnknownContactError'],
      [['search', 'x'.repeat(2000)], 2, 'InvalidArgumentError']
    ]
    for (const [argv, code, name] of wrong) expect((await circle.refused(of(bob), argv, code)).name, argv.join(' ').slice(0, 80)).to.equal(name)
  })
})
