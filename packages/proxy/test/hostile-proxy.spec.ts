import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import { createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { createContactCard, createDeviceList, createPeople, createSigner, extendDeviceList, rolesOf, type ContactCard } from '@parley/identity'
import { fetchCard, serveCards } from 'parley'
import { expect } from 'chai'
import { createSomebody, introduce, type SecondDevice, type Somebody } from './constellation.ts'

const clock = createSystemClock()

describe('a proxy that works against its person', function () {
  this.timeout(60_000)
  let alice: Somebody
  let bob: Somebody
  let phone: SecondDevice
  let before: ContactCard

  beforeEach(async () => {
    [alice, bob] = await Promise.all([createSomebody('Alice'), createSomebody('Bob')])
    phone = await alice.addDevice('Phone')
    await alice.parley.sync()
    await introduce(alice, bob)
    before = await alice.proxy.card(alice.did)
  })

  afterEach(async () => { await Promise.all([phone.stop(), alice.stop(), bob.stop()]) })

  const isOut = async (): Promise<boolean> => {
    const list = await bob.parley.people.list(alice.did)
    return list !== undefined && rolesOf(list, phone.keys.did, Date.now()).length === 0
  }

  it('that shows a device list from before a removal changes nothing for who knows of it', async () => {
    await alice.parley.devices.remove(phone.keys.did)
    await alice.parley.sync()
    await bob.parley.sync()
    expect(await isOut()).to.equal(true)
    await bob.parley.people.learnCard(before.bytes)
    await bob.parley.people.learnList(before.list.bytes)
    expect(await isOut()).to.equal(true)
  })

  it('that keeps a removal to itself does not keep it from contacts: the device tells them at their own proxies', async () => {
    // Whatever her own proxy does with it, it is not asked.
    await alice.proxyAway()
    await alice.parley.devices.remove(phone.keys.did)
    await alice.parley.sync()
    await bob.parley.sync()
    expect(await isOut()).to.equal(true)
    await alice.proxyBack()
  })

  it('that shows an old list to another device of the person is given away by the home log', async () => {
    await alice.parley.devices.remove(phone.keys.did)
    await alice.parley.sync()
    const laptop = await alice.parley.deviceList()
    const kept = await alice.parley.home.get('device-list', 'newest')
    expect(kept).to.deep.equal(laptop.bytes)
  })

  it('cannot put a device of its own on the list', async () => {
    const thief = await createSigner(systemRandom(32))
    const record = { ...phone.keys, device: thief.did, sealing: phone.keys.sealing.publicKey, name: 'mine', platform: 'test', roles: ['endpoint' as const, 'admin' as const], capabilities: [], added: Date.now() }
    const asThief = await extendDeviceList(thief, before.list, { add: [record] }, { at: Date.now() }).catch((error: unknown) => error as Error)
    expect(asThief).to.be.instanceOf(Error)
    const forged = await createDeviceList(thief, { name: 'Alice', issued: Date.now(), devices: [record] })
    const known = await bob.parley.people.list(alice.did)
    await bob.parley.people.learnList(forged.bytes)
    expect((await bob.parley.people.list(alice.did))?.cid.equals(known?.cid ?? before.list.cid), 'the list of another person says nothing of her').to.equal(true)
    for (let place = 0; place < before.list.bytes.length; place += 7) {
      const altered = before.list.bytes.slice()
      altered[place] = (altered[place] ?? 0) ^ 1
      const error = await bob.parley.people.learnList(altered).catch((error: unknown) => error as Error)
      expect(error, `byte ${place}`).to.be.instanceOf(Error)
    }
    expect((await bob.parley.people.list(alice.did))?.devices.map(({ device }) => device)).to.not.include(thief.did)
  })

  it('that answers for somebody else is refused by name', async () => {
    const mallory = await createSomebody('Mallory')
    const [liar, asker] = await Promise.all([node(), node()])
    const stop = await serveCards({ network: liar, people: createPeople({ store: createMemoryStore(), logger: silentLogger }), clock, logger: silentLogger }, { cardOf: async () => (await mallory.proxy.card(mallory.did)).bytes })
    const error = await fetchCard({ network: asker, clock }, { peer: liar.peerId, addresses: liar.addresses() }, alice.did).catch((error: unknown) => error as Error)
    expect((error as Error).name).to.equal('WrongPersonError')
    await stop()
    await Promise.all([liar.stop(), asker.stop(), mallory.stop()])
  })

  it('cannot sign a card for its person once it was removed', async () => {
    const proxy = (await alice.parley.devices.list()).find(({ roles }) => roles.includes('proxy'))
    await alice.parley.devices.remove(proxy?.device ?? '')
    await alice.parley.sync().catch(() => {})
    await bob.parley.sync()
    await bob.parley.people.learnList((await alice.parley.deviceList()).bytes)
    const late = await createContactCard(alice.proxyKeys.signer, { list: before.list, routes: before.routes, issued: Date.now(), expires: Date.now() + 60_000 })
    const error = await bob.parley.people.learnCard(late.bytes).catch((error: unknown) => error as Error)
    expect((error as Error).name).to.equal('InvalidSignatureError')
  })
})

async function node (): Promise<Network> {
  return await createNetwork({ store: createMemoryStore(), logger: silentLogger }, { seed: systemRandom(32), listen: ['/ip4/127.0.0.1/tcp/0'] })
}
