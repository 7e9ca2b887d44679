import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command, createWorld, type Person } from './command-world.ts'

interface Verified { ok: boolean, actions: { total: number, sound: number }, faults: Array<{ kind: string, message: string }> }
interface Exported { to: string, messages: number, car: { file: string, actions: number } }
interface Imported { conversation: string, stored: number, known: number }

describe('the history tools of the command line', () => {
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person
  let id: string
  const at = (name: string): string => join(world.folder, name)

  before(async function () {
    this.timeout(20_000)
    world = await createWorld()
    alice = await world.person('Alice')
    const conversation = await alice.parley.conversations.create({ subject: 'Dinner', participants: [] })
    const random = createSeededRandom(1)
    for (const body of ['Are you hungry?', 'Always.']) await conversation.append({ verb: 'add', thing: 'message', message: random(16), body })
    id = conversation.id.toString()
  })
  after(async () => { await world.end() })

  it('verify a conversation, and say so in words and in JSON', async () => {
    const said = await alice.say(['conversation', 'verify', id.slice(0, 20)])
    expect(said.code).to.equal(0)
    expect(said.out).to.include('No fault was found.').and.to.include('3 sound')
    const { ok, actions } = (await alice.say(['conversation', 'verify', id, '--json'])).json<Verified>()
    expect(ok).to.equal(true)
    expect(actions).to.include({ total: 3, sound: 3 })
  })

  it('export to a folder and a CAR, both whole or not there', async () => {
    const said = await alice.say(['conversation', 'export', id, '--to', at('dinner'), '--car', at('dinner.car'), '--json'])
    expect(said.code, said.out).to.equal(0)
    expect(said.json<Exported>()).to.deep.include({ to: at('dinner'), messages: 2 })
    expect(said.json<Exported>().car).to.include({ file: at('dinner.car'), actions: 3 })
    expect((await readdir(at('dinner'))).sort()).to.deep.equal(['conversation.json', 'conversation.md'])
    expect(await readFile(at('dinner/conversation.md'), 'utf8')).to.include('Are you hungry?')
    expect((await readdir(world.folder)).filter(name => name.startsWith('.dinner'))).to.deep.equal([])
  })

  it('refuse to write over what is there, unless they are told to', async () => {
    const refused = await alice.say(['conversation', 'export', id, '--to', at('dinner')])
    expect(refused.code).to.equal(2)
    expect(refused.err).to.include('--force')
    await writeFile(at('dinner/old.txt'), 'old')
    expect((await alice.say(['conversation', 'export', id, '--to', at('dinner'), '--force'])).code).to.equal(0)
    expect((await readdir(at('dinner'))).sort()).to.deep.equal(['conversation.json', 'conversation.md'])
    expect((await alice.say(['conversation', 'export', id])).code).to.equal(2)
    expect((await alice.say(['conversation', 'export', id, '--to', at('x'), '--without', 'words'])).code).to.equal(2)
  })

  it('import what was exported, twice without change, and verify the file by itself', async () => {
    const imported = (await alice.say(['conversation', 'import', at('dinner.car'), '--json'])).json<Imported>()
    expect(imported).to.include({ conversation: id, stored: 0, known: 3 })
    expect((await alice.say(['conversation', 'verify', '--car', at('dinner.car')])).code).to.equal(0)
    expect((await alice.say(['conversation', 'import', at('none.car')])).code).to.equal(1)
  })

  it('explain each fault of a file, and take nothing of it', async () => {
    const bytes = await readFile(at('dinner.car'))
    const place = bytes.length - 100
    bytes[place] = (bytes[place] ?? 0) ^ 1
    await writeFile(at('altered.car'), bytes)
    const said = await alice.say(['conversation', 'verify', '--car', at('altered.car')])
    expect(said.code).to.equal(1)
    expect(said.out).to.include('One fault was found.').and.to.include('altered-block: This block’s bytes are not those that its CID names.')
    const refused = await alice.say(['conversation', 'import', at('altered.car'), '--json'])
    expect(refused.code).to.equal(1)
    expect(refused.json<{ error: { name: string } }>().error.name).to.equal('UnsoundCarError')
    await writeFile(at('cut.car'), bytes.subarray(0, 500))
    expect((await alice.say(['conversation', 'import', at('cut.car'), '--json'])).json<{ error: { name: string } }>().error.name).to.equal('DamagedCarError')
  })

  it('refuse a conversation that is nobody’s here', async function () {
    this.timeout(20_000)
    const bob = await world.person('Bob')
    const said = await bob.say(['conversation', 'import', at('dinner.car'), '--json'])
    expect(said.json<{ error: { name: string } }>().error.name).to.equal('NobodysConversationError')
    expect(said.code).to.equal(1)
  })

  it('draw it as SVG and as PNG', async function () {
    this.timeout(20_000)
    expect((await alice.say(['conversation', 'graph', id, '--to', at('dinner.svg')])).code).to.equal(0)
    expect(await readFile(at('dinner.svg'), 'utf8')).to.include('<title id="title">Dinner</title>')
    const said = await alice.say(['conversation', 'graph', id, '--to', at('dinner.png'), '--json'])
    expect(said.json<{ nodes: number }>()).to.include({ nodes: 3, forks: 0 })
    const png = await readFile(at('dinner.png'))
    expect([...png.subarray(0, 8)]).to.deep.equal([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    // Two pixels for each unit: the picture is 652 wide, or as wide as its lanes need.
    expect(png.readUInt32BE(16)).to.be.at.least(1280)
    expect((await alice.say(['conversation', 'graph', id, '--to', at('dinner.gif')])).code).to.equal(2)
    expect((await alice.say(['conversation', 'graph', id])).code).to.equal(2)
  })

  it('want one of a conversation and a file', async () => {
    expect((await alice.say(['conversation', 'verify'])).code).to.equal(2)
    expect((await alice.say(['conversation', 'verify', id, '--car', at('dinner.car')])).code).to.equal(2)
    expect((await command(['conversation', 'verify', '--help'])).out).to.include('--car <file>')
  })
})
