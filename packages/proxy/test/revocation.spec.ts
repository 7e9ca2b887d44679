import { expect } from 'chai'
import { peerIdFromDid, rolesOf } from '@parley/identity'
import type { Conversation } from '@parley/conversations'
import type { Parley } from 'parley'
import { createSomebody, introduce, packets, type SecondDevice, type Somebody } from './constellation.ts'

describe('a device that was removed', function () {
  this.timeout(60_000)
  let alice: Somebody
  let bob: Somebody
  let phone: SecondDevice
  let talk: Conversation

  beforeEach(async () => {
    [alice, bob] = await Promise.all([createSomebody('Alice'), createSomebody('Bob')])
    await introduce(alice, bob)
    phone = await alice.addDevice('Phone')
    talk = await alice.parley.conversations.create({ subject: 'before', participants: [bob.did] })
    await say(alice.parley, talk, 'from the laptop')
    await spreadTo(alice, bob)
    await phone.parley.sync()
  })

  afterEach(async () => { await Promise.all([phone.stop(), alice.stop(), bob.stop()]) })

  it('was one that could speak, and what it said then still counts', async () => {
    await say(phone.parley, talk, 'from the phone')
    await phone.parley.sync()
    await alice.parley.devices.remove(phone.keys.did)
    await spreadTo(alice, bob)
    expect(await textsOf(bob.parley, talk)).to.deep.equal(['from the laptop', 'from the phone'])
  })

  it('is refused by everybody within one sync, with what it says from then on', async () => {
    await alice.parley.devices.remove(phone.keys.did)
    await spreadTo(alice, bob)
    const list = await bob.parley.people.list(alice.did)
    expect(list === undefined ? ['?'] : rolesOf(list, phone.keys.did, Date.now())).to.deep.equal([])

    // It has not heard of it itself, and says something.
    await say(phone.parley, talk, 'from the thief').catch(() => {})
    const report = await phone.parley.sync()
    expect(report.reached, 'its own proxy lets it in no more').to.deep.equal([])
    await spreadTo(alice, bob)
    expect(await textsOf(bob.parley, talk)).to.deep.equal(['from the laptop'])
    expect(await textsOf(alice.parley, talk)).to.deep.equal(['from the laptop'])
  })

  it('is cut off where it is connected, and told nothing new', async () => {
    const peer = peerIdFromDid(phone.keys.did)
    const gone = new Promise<void>(resolve => { alice.proxyNetwork.on('peer:disconnect', left => { if (left.peer === peer) resolve() }) })
    expect(alice.proxyNetwork.peers().map(connected => connected.peer)).to.include(peer)
    await alice.parley.devices.remove(phone.keys.did)
    await alice.parley.sync()
    await gone
    const heard: string[] = []
    phone.parley.on('message', ({ message }) => { heard.push(message) })
    await (await bob.parley.call('Alice', packets(20, 1))).ended
    expect((await alice.parley.sync()).reached).to.have.length(1)
    expect(heard).to.deep.equal([])
  })

  it('gets no key of what is said from then on', async () => {
    await alice.parley.devices.remove(phone.keys.did)
    await spreadTo(alice, bob)
    await say(bob.parley, talk, 'not for the thief')
    await bob.parley.sync()
    // Somebody hands it the very blocks.
    const blocks: Uint8Array[] = []
    for await (const batch of bob.parley.conversations.holder(talk.id).since(await phone.parley.conversations.holder(talk.id).frontier())) blocks.push(...batch)
    await phone.parley.conversations.merge(talk.id, blocks)
    const state = await (await phone.parley.conversations.open(talk.id)).state()
    expect(state.messages.map(({ body }) => body)).to.not.include('not for the thief')
    expect(state.unreadable).to.equal(1)
  })

  it('does not keep what waits for its person waiting any longer', async () => {
    await phone.stop()
    await (await bob.parley.call('Alice', packets(20, 2))).ended
    await alice.parley.sync()
    expect((await alice.proxy.status()).messages.held, 'the phone has not fetched it').to.be.above(0)
    await alice.parley.devices.remove(phone.keys.did)
    await alice.parley.sync()
    expect((await alice.proxy.status()).messages.held).to.equal(0)
    await phone.back()
  })

  it('cannot be added again with its key, and can be forgotten but for that', async () => {
    await alice.parley.devices.remove(phone.keys.did)
    await alice.parley.devices.erase(phone.keys.did)
    const record = (await alice.parley.devices.list()).find(({ device }) => device === phone.keys.did)
    expect(record?.name).to.equal('')
    expect(record?.revoked).to.be.a('number')
    expect((await alice.parley.devices.history()).map(({ kind }) => kind)).to.include.members(['revoke', 'erase'])
  })
})

async function say (parley: Parley, { id }: Conversation, body: string): Promise<void> {
  await (await parley.conversations.open(id)).append({ verb: 'add', thing: 'message', message: crypto.getRandomValues(new Uint8Array(16)), body })
}

async function textsOf (parley: Parley, { id }: Conversation): Promise<Array<string | undefined>> {
  return (await (await parley.conversations.open(id)).state()).messages.map(({ body }) => body)
}

/** What one has comes to the other over the proxies of both. */
async function spreadTo (from: Somebody, to: Somebody): Promise<void> {
  await from.parley.sync()
  await to.parley.sync()
  for await (const id of from.parley.conversations.ids()) await until(async () => {
    await to.parley.sync()
    return await to.parley.conversations.holder(id).covers(await from.parley.conversations.holder(id).frontier())
  })
}

async function until (holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise(resolve => { setTimeout(resolve, 20) })
}
