import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createWorld, type Person } from './command-world.ts'

describe('parley id rotate', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person
  let phraseFile: string

  beforeEach(async () => {
    world = await createWorld()
    alice = await world.person('Alice')
    phraseFile = join(world.folder, 'phrase')
    await writeFile(phraseFile, alice.phrase)
    await alice.away()
  })

  afterEach(async () => { await world.end() })

  it('shows another phrase once, and is another person from then on, with the old one named before', async () => {
    const said = await alice.say(['id', 'rotate', '--phrase-file', phraseFile, '--json'])
    expect(said.code, said.err).to.equal(0)
    const events = said.events<{ event: string, phrase?: string, person?: string, from?: string, resumed?: boolean }>()
    const phrase = events.find(({ event }) => event === 'phrase')?.phrase ?? ''
    expect(phrase.split(' ')).to.have.length(24)
    expect(phrase).to.not.equal(alice.phrase)
    const done = events.find(({ event }) => event === 'rotated')
    expect(done).to.deep.include({ from: alice.did, resumed: false })
    const shown = (await alice.say(['id', 'show', '--json'])).json<{ did: string, name: string }>()
    expect(shown).to.deep.include({ did: done?.person, name: 'Alice' })
    expect(JSON.stringify(shown)).to.not.include(phrase)
  })

  it('does nothing twice: called again with the old phrase it finishes, with the new one it goes on from there', async () => {
    const first = (await alice.say(['id', 'rotate', '--phrase-file', phraseFile, '--json'])).events<{ event: string, phrase: string, person: string }>()
    const again = (await alice.say(['id', 'rotate', '--phrase-file', phraseFile, '--json'])).events<{ event: string, person: string, resumed: boolean }>()
    const person = first.find(({ event }) => event === 'rotated')?.person
    expect(again.find(({ event }) => event === 'rotated')).to.deep.include({ person, resumed: true })
    expect(again.some(({ event }) => event === 'phrase')).to.equal(false)
    await writeFile(phraseFile, first.find(({ event }) => event === 'phrase')?.phrase ?? '')
    const third = (await alice.say(['id', 'rotate', '--phrase-file', phraseFile, '--json'])).events<{ event: string, from: string }>()
    expect(third.find(({ event }) => event === 'rotated')?.from).to.equal(person)
  })

  it('changes nothing by the phrase of somebody else', async () => {
    await writeFile(phraseFile, (await world.person('Bob')).phrase)
    const said = await alice.say(['id', 'rotate', '--phrase-file', phraseFile])
    expect(said.code).to.not.equal(0)
    expect((await alice.say(['id', 'show', '--json'])).json<{ did: string }>().did).to.equal(alice.did)
  })
})
