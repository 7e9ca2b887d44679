import { expect } from 'chai'
import { join } from 'node:path'
import { command, createWorld, type Person, type Said } from './command-world.ts'

interface Ready { event: string, claimUrl?: string, contactUrl?: string }

describe('commands of somebody with a proxy', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person
  let bob: Person
  let contactUrl: string
  let proxy: Promise<Said>
  const stopping = new AbortController()

  before(async () => {
    world = await createWorld()
    ;[alice, bob] = await Promise.all([world.person('Alice'), world.person('Bob')])
    // One-shot commands: what they change has to be at the proxy before they end.
    await bob.away()
    const seen = (key: 'claimUrl' | 'contactUrl', out: string): string | undefined =>
      out.split('\n').slice(0, -1).map(line => JSON.parse(line) as Ready).find(event => event.event === 'ready' && event[key] !== undefined)?.[key]
    let claimed: (url: string) => void
    let owned: (url: string) => void
    const claim = new Promise<string>(resolve => { claimed = resolve })
    const card = new Promise<string>(resolve => { owned = resolve })
    proxy = command(['proxy', 'start', '--unclaimed', '--host', '127.0.0.1', '--json', '--data', join(world.folder, 'proxy')], {
      signal: stopping.signal,
      heard ({ out }) {
        const [claimUrl, ownUrl] = [seen('claimUrl', out), seen('contactUrl', out)]
        if (claimUrl !== undefined) claimed(claimUrl)
        if (ownUrl !== undefined) owned(ownUrl)
      }
    })
    const said = await bob.say(['proxy', 'add', await claim])
    expect(said.code, said.err).to.equal(0)
    contactUrl = await card
    await alice.say(['contact', 'add', contactUrl])
  })

  after(async () => {
    stopping.abort()
    await proxy
    await world.end()
  })

  it('bring what they say to the proxy, where others find it', async () => {
    const said = await bob.say(['profile', 'set', '--common-name', 'Bob', '--tier', 'public', '--json'])
    expect(said.json()).to.deep.include({ unreachable: [] })
    expect((await alice.say(['profile', 'show', 'Bob', '--json'])).json<{ fields: unknown }>().fields).to.deep.equal({ commonName: 'Bob' })
  })

  it('bring what they decide to the proxy', async () => {
    expect((await bob.say(['policy', 'set', '--strangers', 'refuse', '--json'])).json()).to.deep.include({ strangers: 'refuse', unreachable: [] })
  })

  it('look whether the proxy serves them, and has what they have', async () => {
    const { failures, findings } = (await bob.say(['doctor', '--json'])).json<{ failures: number, findings: Array<{ check: string, standing: string, words: string }> }>()
    expect(failures, JSON.stringify(findings)).to.equal(0)
    expect(findings.find(({ check }) => check === 'proxy')?.words).to.match(/answers and serves you, at \/ip4\/127\.0\.0\.1\/tcp\//)
    expect(findings.filter(({ check }) => check === 'home log').map(({ standing }) => standing)).to.deep.equal(['ok', 'ok'])
    expect(findings.filter(({ check }) => check === 'clock').every(({ standing }) => standing === 'ok')).to.equal(true)
  })

  it('find somebody away, whose proxy answers, once they know us', async () => {
    const card = (await alice.say(['id', 'card', '--json'])).json<{ url: string }>().url
    expect((await bob.say(['contact', 'add', card])).code).to.equal(0)
    expect((await alice.say(['presence', 'show', 'Bob', '--json'])).json<Array<{ reach: string }>>()[0]).to.include({ reach: 'proxy-only' })
    expect((await alice.say(['presence', 'show', 'Bob'])).out).to.match(/Bob +away/)
  })

  it('say it when the proxy is off, and keep what was said here', async () => {
    stopping.abort()
    expect((await proxy).code).to.equal(0)
    const said = await bob.say(['profile', 'set', '--phone', '+39 06 1234567'])
    expect(said).to.include({ code: 0 })
    expect(said.err).to.include('could not be reached')
    expect(said.out).to.match(/phone +contacts/)
    expect((await bob.say(['policy', 'show', '--json'])).json()).to.include({ strangers: 'refuse' })
  })
})
