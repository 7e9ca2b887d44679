import { createSeededRandom } from '@parley/core'
import { createConversations, type Conversations } from '@parley/conversations'
import { expect } from 'chai'
import { createAdmission, createPolicyClient, createRequests, openConversationBook, type Admission, type ConversationBook, type PolicyClient, type Request, type Requests } from '../../src/index.ts'
import { createCast, until, type Cast, type Node } from './cast.ts'

describe('what people leave whom the person does not know', () => {
  let bob: Cast
  let phone: Node
  let conversations: Conversations
  let policy: PolicyClient
  let book: ConversationBook
  let admission: Admission
  let requests: Requests
  let added: Array<[string, string | undefined]>
  const others: Array<{ cast: Cast, conversations: Conversations }> = []

  const open = async (): Promise<void> => {
    book = await openConversationBook({ conversations, people: phone.people, logger: phone.logger }, () => [bob.person.did])
    admission = createAdmission({ policies: policy.policies, book, conversations, clock: bob.clock }, { persons: () => [bob.person.did] })
    requests = await createRequests({ ...phone, conversations, policy, admission, book, addContact: async (person, name) => { added.push([person, name]) } }, { person: bob.person.did })
  }

  beforeEach(async () => {
    added = []
    bob = await createCast({ phone: ['endpoint'] })
    phone = await bob.node('phone')
    conversations = await createConversations({ ...phone, device: phone.keys, person: bob.person.did, random: createSeededRandom(3) })
    policy = await createPolicyClient(phone, { person: bob.person.did })
    await policy.ensure()
    await open()
  })

  afterEach(async () => {
    await requests.stop()
    await book.stop()
    await policy.stop()
    for (const other of others.splice(0)) {
      await other.conversations.stop()
      await other.cast.networks.stop()
    }
    await conversations.stop()
    await bob.networks.stop()
  })

  /** Somebody writes to Bob; returns who, and how to bring what they wrote. */
  const write = async (seed: number, words: string[], also: Cast[] = []): Promise<{ did: string, say(more: string): Promise<void> }> => {
    const cast = await createCast({ phone: ['endpoint'] }, seed)
    const node = await cast.node('phone')
    for (const { list } of [bob, ...also]) await node.people.learnList(list.bytes)
    await phone.people.learnList(cast.list.bytes)
    const theirs = await createConversations({ ...node, device: node.keys, person: cast.person.did, random: createSeededRandom(seed) })
    others.push({ cast, conversations: theirs })
    const conversation = await theirs.create({ subject: '', participants: [bob.person.did, ...also.map(({ person }) => person.did)] })
    const say = async (body: string): Promise<void> => {
      await conversation.append({ verb: 'add', thing: 'message', message: createSeededRandom(body.length)(16), body })
      const here = conversations.holder(conversation.id)
      for await (const blocks of theirs.holder(conversation.id).since(await here.frontier())) await here.merge(blocks)
    }
    for (const body of words) await say(body)
    return { did: cast.person.did, say }
  }

  it('is listed with their own name, told of as it comes, and once', async () => {
    const told: Request[] = []
    requests.on('request', request => { told.push(request) })
    const { did, say } = await write(2, ['a'])
    await until(() => told.length === 1)
    await say('bb')
    await until(() => told.length === 2)
    expect(told.map(({ person, name, messages }) => ({ person, name, messages }))).to.deep.equal([{ person: did, name: 'Person 2', messages: 1 }, { person: did, name: 'Person 2', messages: 2 }])
    const [request] = await requests.list()
    expect(request).to.deep.include({ person: did, name: 'Person 2', messages: 2, seconds: 0, firstSeen: bob.clock.now() })
    expect(requests.isRequest(did)).to.equal(true)
  })

  it('keeps when it was first seen, and is not told of again, over a restart', async () => {
    await write(2, ['a'])
    const [before] = await requests.list()
    await requests.stop()
    await book.stop()
    await bob.clock.advance(5000)
    await open()
    const told: Request[] = []
    requests.on('request', request => { told.push(request) })
    expect(await requests.list()).to.deep.equal([before])
    expect(told).to.deep.equal([])
  })

  it('is a contact\'s once it is accepted', async () => {
    const { did } = await write(2, ['a'])
    await requests.accept(did, { name: 'Sam' })
    expect(added).to.deep.equal([[did, 'Sam']])
    expect(await requests.list()).to.deep.equal([])
    expect(requests.isRequest(did)).to.equal(false)
    expect(policy.settings().contacts).to.deep.equal([did])
    expect(await requests.rings(did)).to.equal(true)
  })

  it('is known once the person answers', async () => {
    const { did } = await write(2, ['a'])
    const [request] = await requests.list()
    const conversation = await conversations.open(request?.conversations[0] ?? expect.fail('no request'))
    await conversation.append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'yes?' })
    await book.settled()
    expect(admission.standing(bob.person.did, did)).to.equal('known')
    expect(await requests.list()).to.deep.equal([])
  })

  it('goes away when it is declined, and the person stays a stranger', async () => {
    const { did } = await write(2, ['a'])
    await requests.decline(did)
    expect(await requests.list()).to.deep.equal([])
    expect(requests.isRequest(did)).to.equal(true)
    expect(await admission.offer(bob.person.did, did)).to.deep.equal({ type: 'refuse', reason: 'this person takes one message from people they do not know' })
  })

  it('is blocked for good when the person says so; what was said stays', async () => {
    const { did } = await write(2, ['a'])
    const [request] = await requests.list()
    await requests.decline(did, { block: true })
    expect(requests.isBlocked(did)).to.equal(true)
    expect(await admission.offer(bob.person.did, did)).to.deep.equal({ type: 'ignore' })
    expect((await (await conversations.open(request?.conversations[0] ?? expect.fail('no request'))).state()).messages).to.have.length(1)
  })

  it('does not ring unless the person wants strangers to', async () => {
    const { did } = await write(2, ['a'])
    expect(await requests.rings(did)).to.equal(false)
    await policy.change(settings => ({ ...settings, strangers: 'ring' }))
    expect(await requests.rings(did)).to.equal(true)
    await policy.change(settings => ({ ...settings, blocked: [did] }))
    expect(await requests.rings(did)).to.equal(false)
  })

  it('takes no other\'s place when the limit of all is reached, and frees its own when declined', async () => {
    await policy.change(settings => ({ ...settings, limits: { ...settings.limits, requestsTotal: 1 } }))
    const { did } = await write(2, ['a'])
    await book.settled()
    expect((await admission.offer(bob.person.did, 'did:key:zSomebody')).type).to.equal('refuse')
    await requests.decline(did)
    expect((await admission.offer(bob.person.did, 'did:key:zSomebody')).type).to.equal('take')
  })

  it('has a place from when it is admitted, which ends when nothing comes of it', async () => {
    await policy.change(settings => ({ ...settings, limits: { ...settings.limits, requestsTotal: 1 } }))
    const [id, other] = await Promise.all(['one', 'two'].map(async subject => (await conversations.create({ subject, participants: [] })).id))
    if (id === undefined || other === undefined) return
    const ask = async (conversation: typeof id, from: string) => await admission.conversation({ conversation, persons: [from], access: [from, bob.person.did], held: false, blocks: 3, sizeBytes: 300 })
    expect((await ask(id, 'did:key:zA')).ok).to.equal(true)
    expect((await ask(other, 'did:key:zB')).ok).to.equal(false)
    await bob.clock.advance(61_000)
    expect((await ask(other, 'did:key:zB')).ok).to.equal(true)
  })
})
