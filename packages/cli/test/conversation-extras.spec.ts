import { CID } from '@parley/core'
import { expect } from 'chai'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createCircle, shown, type Circle } from './circle.ts'
import type { Person } from './command-world.ts'

interface Added { extra: string }
interface Attached { message: string, attachments: Array<{ attachment: string, name: string, mediaType: string, sizeBytes: number, isMismatch: boolean }> }

describe('the commands for what is more than words', function () {
  this.timeout(60_000)
  let circle: Circle
  let [alice, bob]: Person[] = []
  let id: string
  let message: string
  const of = (person: Person | undefined): Person => person as Person
  const at = (name: string): string => join(circle.folder, name)
  const add = async (...argv: string[]): Promise<string> => (await circle.done(of(alice), ['conversation', ...argv, '--json'])).json<Added>().extra
  const text = async (): Promise<string> => (await circle.done(of(bob), ['conversation', 'show', id])).out

  before(async () => {
    circle = await createCircle('Alice', 'Bob')
    ;[alice, bob] = circle.people
    ;({ conversation: id, message } = (await circle.done(of(alice), ['conversation', 'new', '--with', 'Bob', '--message', 'Where, when, what?', '--json'])).json<{ conversation: string, message: string }>())
  })

  after(async () => { await circle.end() })

  it('tell a place, south and west as well', async () => {
    await add('place', id, '48.2082', '16.3738', '--name', 'Stephansplatz', '--message', message)
    await add('place', id, '-33.8688', '-151.2')
    await add('place', id, 'geo:-33.8688,151.2093;u=50')
    const { extras } = await shown(of(bob), id, state => state.extras.length === 3)
    expect(extras.map(({ kind, data }) => [kind, data])).to.deep.equal([
      ['location', { latitude: 48.2082, longitude: 16.3738, name: 'Stephansplatz' }], ['location', { latitude: -33.8688, longitude: -151.2 }], ['location', { latitude: -33.8688, longitude: 151.2093, uncertainty: 50 }]
    ])
    expect(extras[0]?.message).to.equal(message)
    expect(await text()).to.include('Stephansplatz, 48.2082, 16.3738').and.to.include('-33.8688, 151.2093 ± 50 m')
  })

  it('propose when to meet, and answer', async () => {
    const extra = await add('appointment', id, 'Dinner', '--at', '2031-05-20T19:00', '--until', '2031-05-20T21:00', '--place', 'At Bob’s', '--zone', 'Europe/Rome')
    await shown(of(bob), id, state => state.extras.length === 4)
    await circle.done(of(bob), ['conversation', 'answer', id, extra.slice(0, 8), 'maybe'])
    await circle.done(of(bob), ['conversation', 'answer', id, extra, 'yes'])
    await circle.done(of(alice), ['conversation', 'answer', id, extra, 'no'])
    const { extras } = await shown(of(bob), id, state => state.extras[3]?.responses.length === 2)
    expect(extras[3]?.counts).to.deep.equal({ yes: 1, no: 1, maybe: 0 })
    expect(await text()).to.include('2031-05-20 19:00 to 2031-05-20 21:00 (made in Europe/Rome), At Bob’s').and.to.include('  yes: me\n').and.to.include('  no: Alice\n')
    expect((await circle.refused(of(bob), ['conversation', 'answer', id, extra, 'perhaps'], 2)).message).to.include('yes, no or maybe')
  })

  it('ask a question and count the answers', async () => {
    const extra = await add('survey', id, 'What?', 'Pizza', 'Soup', 'Nothing', '--most', '2')
    await shown(of(bob), id, state => state.extras.length === 5)
    await circle.done(of(bob), ['conversation', 'answer', id, extra, '3', '1'])
    await circle.done(of(alice), ['conversation', 'answer', id, extra, '1'])
    const { extras } = await shown(of(bob), id, state => state.extras[4]?.responses.length === 2)
    expect(extras[4]?.counts).to.deep.equal([2, 0, 1])
    expect(await text()).to.include('What? (up to 2)').and.to.match(/1\. Pizza {2}2 {2}(me, Alice|Alice, me)\n {2}2\. Soup {2}0\n {2}3\. Nothing {2}1 {2}me\n/)
    await circle.refused(of(bob), ['conversation', 'answer', id, extra, '1', '2', '3'], 2)
    await circle.refused(of(bob), ['conversation', 'answer', id, extra, '0'], 2)
    await circle.done(of(bob), ['conversation', 'answer', id, extra, 'none'])
    expect((await shown(of(bob), id)).extras[4]?.counts).to.deep.equal([1, 0, 0])
  })

  it('show what they do not know by its text, and calls', async () => {
    const conversation = await of(alice).parley.conversations.open(CID.parse(id))
    const extra = await conversation.addExtra({ kind: 'recipe', text: 'Boil it\nfor an hour', data: { minutes: 60, key: new Uint8Array([1]) } }, { durable: true })
    await conversation.summariseCall({ kinds: ['audio'], startedAt: Date.now(), durationMs: 61_000, outcome: 'answered', participants: [of(alice).did, of(bob).did] })
    await of(alice).parley.delivery.bring(conversation.id)
    const { extras, calls } = await shown(of(bob), id, state => state.calls.length === 1 && state.extras.length === 6)
    expect(extras[5]).to.deep.include({ extra: extra.id, kind: 'recipe', data: { minutes: 60, key: { '/': { bytes: 'AQ' } } }, counts: null })
    expect(calls[0]).to.deep.include({ outcome: 'answered' })
    expect(await text()).to.include('recipe\n  | Boil it\n  | for an hour\n').and.to.match(/call {2}\S+ \S+ {2}Alice {2}audio, answered, 1:01\n {2}with (Alice, me|me, Alice)/)
    await circle.done(of(bob), ['conversation', 'answer', id, extra.id, 'too', 'long'])
    expect(await text()).to.include('  me: too long\n')
  })

  it('send files with a message, and save them as they were', async () => {
    const bytes = Buffer.alloc(700_000, 'Parley ')
    await writeFile(at('plan.pdf'), Buffer.concat([Buffer.from('%PDF-1.7\n'), bytes]))
    await writeFile(at('note.txt'), 'Read this.')
    const said = await circle.done(of(alice), ['conversation', 'attach', id, at('plan.pdf'), at('note.txt'), '--message', 'The plan', '--json'])
    const { message: sent, attachments } = said.json<Attached>()
    expect(attachments.map(({ name, mediaType, sizeBytes }) => [name, mediaType, sizeBytes])).to.deep.equal([['plan.pdf', 'application/pdf', 700_009], ['note.txt', attachments[1]?.mediaType, 10]])
    const state = await shown(of(bob), id, ({ messages }) => messages.at(-1)?.attachments.length === 2)
    expect(state.messages.at(-1)).to.include({ message: sent, body: 'The plan' })
    expect(await text()).to.match(/file [0-9a-f]{6,} {2}plan\.pdf {2}application\/pdf {2}700\.0 kB/)
    const saved = await circle.done(of(bob), ['conversation', 'save', id, 'plan.pdf', '--to', at('copy.pdf')])
    expect(saved.out).to.include(`Wrote ${at('copy.pdf')}: application/pdf, 700.0 kB`)
    expect((await readFile(at('copy.pdf'))).equals(await readFile(at('plan.pdf')))).to.equal(true)
    await mkdir(at('saved'))
    await circle.done(of(bob), ['conversation', 'save', id, attachments[1]?.attachment.slice(0, 10) ?? '', '--to', at('saved')])
    expect(await readdir(at('saved'))).to.deep.equal(['note.txt'])
    expect((await circle.done(of(bob), ['conversation', 'save', id, 'note.txt', '--to', '-'])).out).to.equal('Read this.')
    expect((await circle.refused(of(bob), ['conversation', 'save', id, 'note.txt', '--to', at('copy.pdf')], 2)).message).to.include('--force')
    await circle.done(of(bob), ['conversation', 'save', id, 'note.txt', '--to', at('copy.pdf'), '--force'])
    expect(await readFile(at('copy.pdf'), 'utf8')).to.equal('Read this.')
  })

  it('add a file to a message of one’s own, and take it off', async () => {
    await circle.done(of(alice), ['conversation', 'attach', id, at('note.txt'), '--to', message, '--type', 'text/plain'])
    await shown(of(bob), id, ({ messages }) => messages[0]?.attachments.length === 1)
    const { messages } = await shown(of(alice), id)
    await circle.done(of(alice), ['conversation', 'remove-file', id, messages[0]?.attachments[0]?.attachment ?? ''])
    await shown(of(bob), id, state => state.messages[0]?.attachments.length === 0)
  })

  it('refuse what cannot be, by name', async () => {
    const before = await shown(of(alice), id)
    const wrong: Array<[string[], number, string]> = [
      [['place', id, 'here'], 2, 'UsageError'],
      [['place', id, '91', '0'], 2, 'UsageError'],
      [['appointment', id, 'Dinner'], 2, 'UsageError'],
      [['appointment', id, 'Dinner', '--at', '2h', '--until', '1h'], 2, 'UsageError'],
      [['survey', id, 'What?', 'Pizza'], 2, 'UsageError'],
      [['survey', id, 'What?', 'Pizza', 'Soup', '--most', '3'], 2, 'UsageError'],
      [['answer', id, 'ffffffff', 'yes'], 3, 'NoSuchItemError'],
      [['attach', id, at('missing.txt')], 1, 'FileError'],
      [['attach', id, circle.folder], 1, 'FileError'],
      [['attach', id, at('note.txt'), '--to', 'ffffffff'], 3, 'NoSuchItemError'],
      [['attach', id, at('note.txt'), '--to', message, '--message', 'x'], 2, 'UsageError'],
      [['save', id, 'missing.txt'], 3, 'NoSuchItemError'],
      [['remove-file', id, 'missing.txt'], 3, 'NoSuchItemError']
    ]
    for (const [argv, code, name] of wrong) expect((await circle.refused(of(alice), ['conversation', ...argv], code)).name, argv.join(' ')).to.equal(name)
    expect(await shown(of(alice), id)).to.deep.equal(before)
  })
})
