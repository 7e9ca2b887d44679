import { contactUrl } from '@parley/identity'
import { expect } from 'chai'
import { command, createWorld, type Person } from './command-world.ts'

interface Shown { did: string, name: string, reach: string, devices: Array<{ doNotDisturb: boolean, declared?: string }> }

describe('the commands for presence', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person
  let bob: Person

  before(async () => {
    world = await createWorld()
    ;[alice, bob] = await Promise.all([world.person('Alice'), world.person('Bob')])
    await alice.parley.addContact(contactUrl(await bob.parley.card()))
    await bob.parley.addContact(contactUrl(await alice.parley.card()))
    // Whoever is connected is asked; without proxies nobody is dialled for it.
    await alice.parley.profiles.of(bob.did)
  })

  after(async () => { await world.end() })

  const shown = async (...argv: string[]): Promise<Shown[]> => (await alice.say(['presence', 'show', ...argv, '--json'])).json()

  it('show who would ring, and what they say', async () => {
    expect((await bob.say(['presence', 'set', 'live', '--message', 'Climbing'])).out).to.equal('You are there: Climbing\n')
    const [first, ...others] = await shown('Bob')
    expect(others).to.deep.equal([])
    expect(first).to.include({ did: bob.did, name: 'Bob', reach: 'live' })
    expect(first?.devices[0]).to.include({ declared: 'Climbing' })
    expect((await alice.say(['presence', 'show'])).out).to.match(/Bob +there now +\S+ \S+ +desktop +Climbing\n/)
  })

  it('change one thing and leave the others as they were', async () => {
    await bob.say(['presence', 'set', 'dnd'])
    expect((await shown('Bob'))[0]).to.deep.include({ reach: 'busy' })
    expect((await bob.say(['presence', 'set', 'hidden', '--json'])).json()).to.deep.equal({ availability: 'live', doNotDisturb: true, hidden: true, declared: 'Climbing' })
    expect((await bob.say(['presence', 'set', 'shown'])).out).to.include('not to be disturbed: Climbing')
    expect((await bob.say(['presence', 'set', 'can-ring', '--message', '', '--json'])).json()).to.deep.equal({ availability: 'can-ring', doNotDisturb: false, hidden: false })
  })

  it('tell each change until it is stopped', async () => {
    const stopping = new AbortController()
    let changed = false
    const said = await alice.say(['presence', 'show', 'Bob', '--watch', '--json'], {
      signal: stopping.signal,
      heard ({ out }) {
        if (!changed) {
          changed = true
          void bob.say(['presence', 'set', 'busy'])
        }
        if (out.includes('"busy"')) stopping.abort()
      }
    })
    expect(said.code).to.equal(0)
    const events = said.events<Shown & { event: string }>()
    expect(events.every(({ event, did }) => event === 'presence' && did === bob.did)).to.equal(true)
    expect(events.at(-1)).to.include({ reach: 'busy', name: 'Bob' })
  })

  it('draw the table anew on a terminal', async () => {
    const stopping = new AbortController()
    let changed = false
    const said = await alice.say(['presence', 'show', '--watch'], {
      signal: stopping.signal,
      isTerminal: true,
      heard ({ err }) {
        if (!changed) {
          changed = true
          void bob.say(['presence', 'set', 'live'])
        }
        if (err.includes('there now')) stopping.abort()
      }
    })
    expect(said.err).to.include('Bob').and.to.include('\u001b[2A\u001b[J')
  })

  it('refuse what is no state, and say that presence needs a device on line', async () => {
    expect((await alice.say(['presence', 'set', 'asleep'])).code).to.equal(2)
    expect((await alice.say(['presence', 'set', 'live', '--message', 'x'.repeat(141)])).code).to.equal(2)
    expect((await alice.say(['presence', 'show', 'Nobody'])).code).to.equal(3)
    const said = await command(['presence', 'set', 'live', '--data', world.folder])
    expect(said.code).to.equal(3)
    expect(said.err).to.include('parley device start')
  })
})
