import { createSeededRandom } from '@parley/core'
import { contactUrl } from '@parley/identity'
import { expect } from 'chai'
import { createWorld, type Person } from './command-world.ts'

interface Requests { requests: Array<{ person: string, name: string, messages: number, conversations: string[] }> }
interface Policy { strangers: string, limits: Record<string, number>, declined: Array<{ did: string }>, blocked: Array<{ did: string }>, contacts: number }

describe('the commands for people who are not known', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person

  before(async () => {
    world = await createWorld()
    alice = await world.person('Alice')
  })

  after(async () => { await world.end() })

  /** Somebody whom Alice does not know writes to her. */
  const stranger = async (folder: string, name = folder): Promise<Person> => {
    const person = await world.person(folder)
    await person.parley.setName(name)
    await person.parley.addContact(contactUrl(await alice.parley.card()))
    await alice.parley.people.learnCard((await person.parley.card()).bytes)
    const conversation = await person.parley.conversations.create({ subject: '', participants: [alice.did] })
    await conversation.append({ verb: 'add', thing: 'message', message: createSeededRandom(folder.length)(16), body: 'Hello' })
    const here = alice.parley.conversations.holder(conversation.id)
    for await (const blocks of person.parley.conversations.holder(conversation.id).since(await here.frontier())) await here.merge(blocks)
    return person
  }
  const list = async (): Promise<Requests['requests']> => (await alice.say(['request', 'list', '--offline', '--json'])).json<Requests>().requests
  const policy = async (): Promise<Policy> => (await alice.say(['policy', 'show', '--json'])).json()

  it('say that nobody waits', async () => {
    expect((await alice.say(['request', 'list', '--offline'])).out).to.equal('Nobody waits for an answer.\n')
    const said = await alice.say(['request', 'accept', 'Carol', '--json'])
    expect(said.code).to.equal(3)
    expect(said.json<{ error: { name: string } }>().error.name).to.equal('UnknownRequestError')
  })

  it('list who waits, and make a contact of whoever is accepted', async () => {
    const carol = await stranger('Carol')
    expect(await list()).to.have.length(1)
    expect((await list())[0]).to.include({ person: carol.did, name: 'Carol', messages: 1 })
    expect((await alice.say(['request', 'list', '--offline'])).out).to.include('Carol').and.to.include(carol.did)
    const said = await alice.say(['request', 'accept', 'carol', '--name', 'Carol C.'])
    expect(said, said.err).to.include({ code: 0, out: `Carol C. is a contact now: ${carol.did}\n` })
    expect(await list()).to.deep.equal([])
    expect(await policy()).to.include({ contacts: 1 })
  })

  it('want a DID when two call themselves the same, and decline or block', async () => {
    const [one, two] = [await stranger('Mallory'), await stranger('Other', 'Mallory')]
    const ambiguous = await alice.say(['request', 'decline', 'Mallory'])
    expect(ambiguous.code).to.equal(3)
    expect(ambiguous.err).to.include(one.did).and.to.include(two.did)
    expect((await alice.say(['request', 'decline', one.did, '--json'])).json()).to.deep.equal({ declined: one.did, blocked: false })
    expect((await alice.say(['request', 'decline', two.did, '--block'])).code).to.equal(0)
    expect(await list()).to.deep.equal([])
    const { declined, blocked } = await policy()
    expect([declined.map(({ did }) => did), blocked.map(({ did }) => did)]).to.deep.equal([[one.did], [two.did]])
    expect((await alice.say(['policy', 'show'])).out).to.include('BLOCKED').and.to.include('DECLINED')
    expect((await alice.say(['contact', 'list', '--blocked', '--json'])).json<Array<{ did: string }>>().map(({ did }) => did)).to.deep.equal([two.did])
  })

  it('decide what strangers may do, and refuse what cannot be', async () => {
    expect(await policy()).to.deep.include({ strangers: 'requests' })
    const said = await alice.say(['policy', 'set', '--strangers', 'ring', '--requests-total', '50', '--request-seconds', '30'])
    expect(said.code, said.err).to.equal(0)
    expect(said.out).to.include('may leave a request, and ring')
    expect(await policy()).to.deep.include({ strangers: 'ring', limits: { requestsPerStranger: 1, requestsTotal: 50, requestSeconds: 30, requestBytes: 524_288 } })
    for (const wrong of [[], ['--strangers', 'some'], ['--requests-total', 'many'], ['--request-seconds', '21601'], ['--requests-per-stranger', '-1']]) {
      expect((await alice.say(['policy', 'set', ...wrong])).code, wrong.join(' ')).to.equal(2)
    }
    expect(await policy()).to.deep.include({ strangers: 'ring' })
  })
})
