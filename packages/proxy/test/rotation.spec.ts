import { expect } from 'chai'
import { createSystemClock, silentLogger, systemRandom } from '@parley/core'
import type { Conversation } from '@parley/conversations'
import { createPeople, createSigner, recoverySealingOf, rolesOf, extendDeviceList, signSuccession, type Did } from '@parley/identity'
import { beginSuccession, type Parley } from 'parley'
import { createSomebody, introduce, packets, type SecondDevice, type Somebody } from './constellation.ts'

const clock = createSystemClock()

describe('a person who takes another key', function () {
  this.timeout(60_000)
  let alice: Somebody
  let bob: Somebody
  let phone: SecondDevice
  let talk: Conversation
  let next: Did

  beforeEach(async () => {
    [alice, bob] = await Promise.all([createSomebody('Alice'), createSomebody('Bob')])
    await introduce(alice, bob)
    phone = await alice.addDevice('Phone')
    talk = await alice.parley.conversations.create({ subject: 'before', participants: [bob.did] }, { durable: true })
    await say(alice.parley, talk, 'by the old key')
    await (await alice.parley.call('Bob', packets(20, 1))).ended
    await alice.parley.sync()
    await bob.parley.sync()
    await phone.parley.sync()
    await bob.parley.contacts.verify(alice.did, 'in-person')
    // Bob is away, and the laptop takes another key.
    await bob.away()
    next = await rotate(alice)
    await alice.back()
    await alice.parley.sync()
  })

  afterEach(async () => { await Promise.all([phone.stop(), alice.stop(), bob.stop()]) })

  it('is the same person to their own device, with all they had', async () => {
    expect(alice.parley.person).to.equal(next)
    expect((await alice.parley.contacts.find('Bob')).did).to.equal(bob.did)
    expect(await textsOf(alice.parley, talk)).to.deep.equal(['by the old key'])
    expect(await alice.parley.inbox(), 'what they said themselves is nobody else’s').to.deep.equal([])
    expect(await alice.parley.requests.list()).to.deep.equal([])
  })

  it('keeps their proxy, which needs no new code', async () => {
    expect(alice.proxy.served()).to.include.members([alice.did, next])
    expect((await alice.parley.sync()).unreachable).to.deep.equal([])
    await alice.proxyAway()
    await alice.proxyBack()
    expect(alice.proxy.served(), 'also after a restart').to.include.members([alice.did, next])
  })

  it('is found by somebody who was away, under the name they know', async () => {
    const moved: Array<{ from: Did, to: Did, mustVerify: boolean }> = []
    const parley = await bob.back()
    parley.on('moved', event => { moved.push(event) })
    await until(async () => {
      await parley.sync()
      return moved.length > 0
    })
    expect(moved[0]).to.deep.include({ from: alice.did, to: next, mustVerify: true })
    const contact = await parley.contacts.find('Alice')
    expect(contact).to.deep.include({ did: next, successorOf: alice.did })
    expect(contact.verified).to.equal(undefined)
    await until(async () => {
      await parley.sync()
      return (await (await parley.conversations.open(talk.id)).access()).includes(next)
    })
    await (await parley.call('Alice', packets(20, 2))).ended
    await until(async () => {
      await alice.parley.sync()
      return (await alice.parley.inbox()).length > 0
    })
    expect((await alice.parley.inbox()).map(({ from, known }) => ({ from, known }))).to.deep.equal([{ from: bob.did, known: true }])
    expect(await textsOf(alice.parley, talk)).to.include('by the old key')
  })

  it('still gets what somebody who has not heard leaves for the old key', async () => {
    // His proxy tells him nothing, so he rings the old key.
    await bob.proxyAway()
    const parley = await bob.back()
    await (await parley.call('Alice', packets(20, 3))).ended
    await until(async () => {
      await alice.parley.sync()
      return (await alice.parley.inbox()).length > 0
    })
    expect((await alice.parley.inbox())[0]).to.deep.include({ from: bob.did, state: 'complete' })
    await bob.proxyBack()
  })

  it('goes on with a conversation on both sides', async () => {
    await bob.back()
    await until(async () => {
      await bob.parley.sync()
      return (await bob.parley.contacts.find('Alice')).did === next
    })
    await say(alice.parley, talk, 'by the new key')
    await spreadTo(alice, bob, talk)
    expect(await textsOf(bob.parley, talk)).to.deep.equal(['by the old key', 'by the new key'])
    await say(bob.parley, talk, 'heard')
    await spreadTo(bob, alice, talk)
    expect(await textsOf(alice.parley, talk)).to.deep.equal(['by the old key', 'by the new key', 'heard'])
  })

  it('has their other device go over when it starts again', async () => {
    await until(async () => {
      await phone.parley.sync()
      return await phone.parley.heir() === next
    })
    await phone.stop()
    const parley = await phone.back()
    expect(parley.person).to.equal(next)
    await until(async () => {
      await parley.sync()
      return (await parley.contacts.list().next()).done !== true
    })
    expect((await parley.contacts.find('Bob')).did).to.equal(bob.did)
    expect(await textsOf(parley, talk)).to.deep.equal(['by the old key'])
    await say(parley, talk, 'from the phone')
    await parley.sync()
    await alice.parley.sync()
    expect(await textsOf(alice.parley, talk)).to.deep.equal(['by the old key', 'from the phone'])
    expect(await parley.inbox()).to.deep.equal([])
  })

  it('takes a removed device off the list of the old key too', async () => {
    await alice.parley.devices.remove(phone.keys.did)
    await until(async () => {
      await alice.parley.sync()
      const old = await alice.parley.people.list(alice.did)
      return old !== undefined && rolesOf(old, phone.keys.did, clock.now()).length === 0
    })
    expect((await phone.parley.sync()).reached, 'its proxy lets it in no more, by either key').to.deep.equal([])
  })

  it('is safe from whoever has the old key: they add no device and name nobody else', async () => {
    await bob.back()
    await until(async () => {
      await bob.parley.sync()
      return (await bob.parley.people.list(alice.did))?.successor === next
    })
    const thief = await createSigner(systemRandom(32))
    const before = await alice.parley.people.list(alice.did)
    // They go back to what the list was before, since nothing can be put on it as it is now.
    const old = await listBefore(alice)
    const device = { ...old.devices.find(({ roles }) => roles.includes('endpoint')), device: thief.did } as typeof old.devices[number]
    const forged = await extendDeviceList(alice.personSigner, old, { add: [device] }, { at: old.issued + 1 })
    for (const people of [alice.parley.people, bob.parley.people]) {
      const known = await people.learnList(forged.bytes)
      expect(rolesOf(known, thief.did, clock.now())).to.deep.equal([])
      expect(known.successor).to.equal(next)
    }
    const at = old.issued + 1
    const other = await extendDeviceList(alice.personSigner, old, { successor: await signSuccession(thief, { from: alice.did, at }) }, { at })
    for (const people of [alice.parley.people, bob.parley.people]) {
      expect(await people.learnList(other.bytes).then(() => 'taken', (error: unknown) => (error as Error).name)).to.equal('ForkedDeviceListError')
      expect((await people.list(alice.did))?.successor).to.equal(next)
    }
    expect(before?.successor).to.equal(next)
  })
})

/** The device is off; the phrase is at hand. */
async function rotate ({ parley, store, keys, personSigner, away }: Somebody): Promise<Did> {
  await parley.sync()
  listsBefore.set(personSigner.did, await parley.deviceList())
  await away()
  const seed = systemRandom(32)
  const to = await createSigner(seed)
  const people = createPeople({ store, logger: silentLogger })
  const list = await beginSuccession({ store, people, keys, clock, random: systemRandom }, { from: personSigner, to, recovery: (await recoverySealingOf(seed)).publicKey })
  return list.person
}

/** The old list without its last word, as somebody may have kept it. */
async function listBefore ({ parley, did }: Somebody): Promise<Awaited<ReturnType<typeof extendDeviceList>>> {
  return listsBefore.get(did) ?? await parley.deviceList()
}
const listsBefore = new Map<Did, Awaited<ReturnType<typeof extendDeviceList>>>()

async function say (parley: Parley, { id }: Conversation, body: string): Promise<void> {
  await (await parley.conversations.open(id)).append({ verb: 'add', thing: 'message', message: crypto.getRandomValues(new Uint8Array(16)), body })
}

async function textsOf (parley: Parley, { id }: Conversation): Promise<string[]> {
  return (await (await parley.conversations.open(id)).state()).messages.flatMap(({ body }) => body ?? [])
}

async function spreadTo (from: Somebody, to: Somebody, { id }: Conversation): Promise<void> {
  await until(async () => {
    await from.parley.sync()
    await to.parley.sync()
    return await to.parley.conversations.holder(id).covers(await from.parley.conversations.holder(id).frontier())
  })
}

async function until (holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise(resolve => { setTimeout(resolve, 20) })
}
