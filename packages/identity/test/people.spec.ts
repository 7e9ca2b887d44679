import { silentLogger } from '@parley/core'
import { createContactCard, createDeviceList, createPeople, extendDeviceList, type People } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createTestStore, type MemoryStore } from './support/memory-store.ts'
import { HOUR, T0, deviceKeys, recordOf, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

function directory (store: MemoryStore = createTestStore()): { people: People, store: MemoryStore } {
  return { people: createPeople({ store, logger: silentLogger }), store }
}

describe('a directory of persons', () => {
  it('knows who a card is of, their devices and where these are, also after a restart', async () => {
    const { people, store } = directory()
    const bob = await somebody(1, 'Bob')
    await people.learnCard(bob.card.bytes)
    for (const kept of [people, directory(store).people]) {
      expect((await kept.list(bob.person.did))?.name).to.equal('Bob')
      expect(await kept.card(bob.person.did)).to.deep.equal(bob.card.bytes)
      expect(await kept.personOf(bob.phone.did)).to.equal(bob.person.did)
      expect(await kept.personOf(bob.proxy.did)).to.equal(bob.person.did)
      expect(await kept.routes(bob.person.did)).to.deep.equal([{ device: bob.proxy.did, addresses: ['/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4002/ws'] }])
    }
    expect(await people.list(bob.phone.did)).to.equal(undefined)
    expect(await people.card(bob.phone.did)).to.equal(undefined)
    expect(await people.personOf(bob.person.did)).to.equal(undefined)
    expect(await people.routes(bob.phone.did)).to.deep.equal([])
  })

  it('ends with the newest list, in whatever order and however often lists come', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const lists = [list]
    for (let index = 1; index < 5; index++) {
      lists.push(await extendDeviceList(person, lists[index - 1] ?? list, index === 4 ? { revoke: [phone.did] } : { name: `Bob ${index}` }, { at: T0 + index }))
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(4), { minLength: 1, maxLength: 8 }), async order => {
      const { people } = directory()
      let highest = -1
      for (const index of order) {
        highest = Math.max(highest, index)
        const kept = await people.learnList(lists[index]?.bytes ?? new Uint8Array(0))
        expect(kept.sequence).to.equal(highest)
      }
      expect((await people.list(person.did))?.sequence).to.equal(highest)
      expect(await people.personOf(phone.did)).to.equal(highest === 4 ? undefined : person.did)
    }), { numRuns: 30 })
  })

  it('keeps the first of two lists with one sequence, and tells of the other', async () => {
    const { people, store } = directory()
    const { person, phone, list } = await somebody(1, 'Bob')
    const [a, b] = [await extendDeviceList(person, list, { name: 'A' }, { at: T0 + 1 }), await extendDeviceList(person, list, { name: 'B' }, { at: T0 + 1 })]
    await people.learnList(a.bytes)
    const before = new Map(store.values)
    expect(await nameOfError(async () => await people.learnList(b.bytes))).to.equal('ForkedDeviceListError')
    const card = await createContactCard(phone.signer, { list: b, routes: [{ device: phone.did, addresses: ['/memory/66'] }], issued: T0 + 9, expires: T0 + HOUR })
    expect(await nameOfError(async () => await people.learnCard(card.bytes))).to.equal('ForkedDeviceListError')
    expect(store.values).to.deep.equal(before)
    expect((await people.list(person.did))?.name).to.equal('A')
  })

  it('sees a fork in the list that should follow, and in the one that should come before', async () => {
    const { person, list } = await somebody(1, 'Bob')
    const [a, b] = [await extendDeviceList(person, list, { name: 'A' }, { at: T0 + 1 }), await extendDeviceList(person, list, { name: 'B' }, { at: T0 + 1 })]
    const afterB = await extendDeviceList(person, b, { name: 'B2' }, { at: T0 + 2 })
    const one = directory().people
    await one.learnList(a.bytes)
    expect(await nameOfError(async () => await one.learnList(afterB.bytes))).to.equal('ForkedDeviceListError')
    const two = directory().people
    await two.learnList(afterB.bytes)
    expect(await nameOfError(async () => await two.learnList(a.bytes))).to.equal('ForkedDeviceListError')
    expect((await two.learnList(list.bytes)).sequence).to.equal(2)
  })

  it('refuses a later list that forgets a device or takes a revocation back', async () => {
    const { person, phone, proxy, list } = await somebody(1, 'Bob')
    const revoked = await extendDeviceList(person, list, { revoke: [phone.did] }, { at: T0 + 1 })
    // Nobody can make these with this package, so a list is dressed up as the one before.
    const disguised = { ...revoked, devices: [recordOf(proxy, 'proxy')] }
    const forgetting = await extendDeviceList(person, disguised, {}, { at: T0 + 2 })
    const restoring = await extendDeviceList(person, { ...revoked, devices: [recordOf(proxy, 'proxy'), recordOf(phone, 'endpoint')] }, {}, { at: T0 + 2 })
    const redating = await extendDeviceList(person, { ...revoked, devices: [recordOf(proxy, 'proxy', { added: T0 - 5 }), ...revoked.devices.filter(record => record.device === phone.did)] }, {}, { at: T0 + 2 })
    const { people } = directory()
    await people.learnList(revoked.bytes)
    for (const bad of [forgetting, restoring, redating]) expect(await nameOfError(async () => await people.learnList(bad.bytes))).to.equal('InvalidBytesError')
    expect((await people.list(person.did))?.sequence).to.equal(1)
  })

  it('refuses a card of a device that was revoked since', async () => {
    const { people } = directory()
    const { person, phone, list } = await somebody(1, 'Bob')
    const revoked = await extendDeviceList(person, list, { revoke: [phone.did] }, { at: T0 + 10 })
    await people.learnList(revoked.bytes)
    const late = await createContactCard(phone.signer, { list, routes: [{ device: phone.did, addresses: ['/memory/66'] }], issued: T0 + 11, expires: T0 + HOUR })
    expect(await nameOfError(async () => await people.learnCard(late.bytes))).to.equal('InvalidSignatureError')
    expect(await people.card(person.did)).to.equal(undefined)
  })

  it('keeps the newest route of each device and none of revoked ones', async () => {
    const { people } = directory()
    const { person, phone, proxy, list, card } = await somebody(1, 'Bob')
    await people.learnCard(card.bytes)
    await people.learnRoutes(person.did, [{ device: proxy.did, addresses: ['/memory/old'] }, { device: phone.did, addresses: ['/memory/1'] }], T0)
    await people.learnRoutes(person.did, [{ device: phone.did, addresses: ['/memory/2'] }], T0 + 5)
    await people.learnRoutes(person.did, [{ device: phone.did, addresses: ['/memory/3'] }], T0 + 4)
    const routes = new Map((await people.routes(person.did)).map(route => [route.device, route.addresses[0]]))
    expect(routes.get(proxy.did)).to.equal('/ip4/127.0.0.1/tcp/4001')
    expect(routes.get(phone.did)).to.equal('/memory/2')
    await people.learnList((await extendDeviceList(person, list, { revoke: [phone.did] }, { at: T0 + 9 })).bytes)
    expect((await people.routes(person.did)).map(route => route.device)).to.deep.equal([proxy.did])
  })

  it('keeps the newest card, and writes nothing for one it has', async () => {
    const { people, store } = directory()
    const { person, phone, list, card } = await somebody(1, 'Bob')
    await people.learnCard(card.bytes)
    const commits = store.commits
    await people.learnCard(card.bytes)
    expect(store.commits).to.equal(commits)
    const newer = await createContactCard(phone.signer, { list, routes: [], issued: T0 + 2, expires: T0 + HOUR })
    await people.learnCard(newer.bytes)
    await people.learnCard(card.bytes)
    expect(await people.card(person.did)).to.deep.equal(newer.bytes)
  })

  it('prefers whom a device itself named to whoever lists it', async () => {
    const { people } = directory()
    const bob = await somebody(1, 'Bob')
    const mallory = await somebody(50, 'Mallory')
    const thief = await extendDeviceList(mallory.person, mallory.list, { add: [recordOf(bob.phone, 'endpoint')] }, { at: T0 + 1 })
    await people.learnList(thief.bytes)
    expect(await people.personOf(bob.phone.did)).to.equal(mallory.person.did)
    await people.learnCard(bob.card.bytes)
    expect(await people.personsOf(bob.phone.did)).to.deep.equal([bob.person.did, mallory.person.did])
    await people.learnList((await extendDeviceList(bob.person, bob.list, { name: 'Robert' }, { at: T0 + 2 })).bytes)
    expect(await people.personOf(bob.phone.did)).to.equal(bob.person.did)
  })

  it('knows everybody whom a proxy serves', async () => {
    const { people } = directory()
    const proxy = await deviceKeys(70)
    const dids: string[] = []
    for (const number of [1, 10, 20]) {
      const { person } = await somebody(number, 'x')
      await people.learnList((await createDeviceList(person, { name: 'x', devices: [recordOf(proxy, 'proxy')], issued: T0 })).bytes)
      dids.push(person.did)
    }
    expect(await people.personsOf(proxy.did)).to.have.members(dids)
  })

  it('takes what comes at once one by one', async () => {
    const { people } = directory()
    const { person, list, card } = await somebody(1, 'Bob')
    const next = await extendDeviceList(person, list, { name: 'Robert' }, { at: T0 + 1 })
    const broken = people.learnList(new Uint8Array(3)).catch((error: Error) => error.name)
    await Promise.all([people.learnCard(card.bytes), people.learnList(next.bytes), people.learnList(list.bytes), broken])
    expect(await broken).to.equal('InvalidBytesError')
    expect((await people.list(person.did))?.name).to.equal('Robert')
  })
})
