import { silentLogger } from '@parley/core'
import { createContactCard, createDeviceList, createPeople, extendDeviceList, mergeDeviceLists, type People } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createTestStore, type MemoryStore } from './support/memory-store.ts'
import { extend } from './support/device-changes.ts'
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

  it('ends with all that lists say, in whatever order and however often they come, also after a restart', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const tablet = await deviceKeys(7)
    const admin = await extend(person, list, { add: [recordOf(tablet, 'admin')] }, 1)
    const named = await extend(tablet, admin, { name: 'Robert' }, 3)
    const revoked = await extend(person, admin, { revoke: [phone.did] }, 4)
    const other = await extend(person, list, { name: 'Bobby' }, 2)
    const lists = [list, admin, named, revoked, other]
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(4), { minLength: 1, maxLength: 8 }), async order => {
      const { people, store } = directory()
      for (const index of order) await people.learnList(lists[index]?.bytes ?? new Uint8Array(0))
      const heard = order.flatMap(index => lists[index] ?? []).reduce(mergeDeviceLists)
      expect(await people.list(person.did)).to.deep.equal(heard)
      expect(await directory(store).people.list(person.did)).to.deep.equal(heard)
      expect(await people.personOf(phone.did)).to.equal(order.includes(3) ? undefined : person.did)
    }), { numRuns: 60 })
  })

  it('tells when a list grew, and of nothing else', async () => {
    const { people } = directory()
    const told: Array<[string, number]> = []
    people.on('changed', ({ person, list }) => { told.push([person, list.size]) })
    const { person, phone, list, card } = await somebody(1, 'Bob')
    await people.learnCard(card.bytes)
    await people.learnList(list.bytes)
    await people.learnRoutes(person.did, [{ device: phone.did, addresses: ['/memory/9'] }], T0 + 50)
    await people.learnList((await extend(person, list, { revoke: [phone.did] }, 10)).bytes)
    await people.learnCard(card.bytes)
    expect(told).to.deep.equal([[person.did, 1], [person.did, 2]])
  })

  it('takes a revocation from whoever brings it, and what it voids is gone at once', async () => {
    const { people } = directory()
    const { person, list } = await somebody(1, 'Bob')
    const [thief, stolen] = [await deviceKeys(7), await deviceKeys(8)]
    const admin = await extend(person, list, { add: [recordOf(thief, 'admin')] }, 1)
    await people.learnList((await extend(thief, admin, { add: [recordOf(stolen, 'endpoint')] }, 2)).bytes)
    expect(await people.personOf(stolen.did)).to.equal(person.did)
    const withheld = await extend(person, admin, { revoke: [thief.did] }, 3)
    await people.learnList(withheld.bytes)
    expect(await people.personOf(stolen.did)).to.equal(undefined)
    expect(await people.personOf(thief.did)).to.equal(undefined)
  })

  it('keeps the first of two lists that were begun apart, and tells of the other', async () => {
    const { people, store } = directory()
    const { person, phone, list } = await somebody(1, 'Bob')
    const again = await createDeviceList(person, { name: 'B', devices: [recordOf(phone, 'endpoint')], issued: T0 + 1 })
    await people.learnList(list.bytes)
    const before = new Map(store.values)
    expect(await nameOfError(async () => await people.learnList(again.bytes))).to.equal('ForkedDeviceListError')
    const card = await createContactCard(phone.signer, { list: again, routes: [{ device: phone.did, addresses: ['/memory/66'] }], issued: T0 + 9, expires: T0 + HOUR })
    expect(await nameOfError(async () => await people.learnCard(card.bytes))).to.equal('ForkedDeviceListError')
    expect(store.values).to.deep.equal(before)
    expect((await people.list(person.did))?.name).to.equal('Bob')
  })

  it('keeps nothing of what was erased, not in a card either', async () => {
    const { people, store } = directory()
    const { person, phone, proxy, list } = await somebody(1, 'Bob')
    const telling = await extend(person, list, { add: [recordOf(phone, 'endpoint', { name: 'Phone of my lover' })] }, 1)
    const card = await createContactCard(proxy.signer, { list: telling, routes: [], issued: T0 + 2, expires: T0 + HOUR })
    const isTold = (): boolean => [...store.values.values()].some(value => Buffer.from(value).includes('Phone of my lover'))
    await people.learnCard(card.bytes)
    expect(isTold()).to.equal(true)
    const erased = await extend(person, telling, { revoke: [phone.did], erase: [phone.did] }, 3)
    await people.learnList(erased.bytes)
    expect(isTold()).to.equal(false)
    await people.learnCard(card.bytes)
    expect([isTold(), await people.card(person.did)]).to.deep.equal([false, undefined])
    const next = await createContactCard(proxy.signer, { list: erased, routes: [], issued: T0 + 4, expires: T0 + HOUR })
    await people.learnCard(next.bytes)
    expect(await people.card(person.did)).to.deep.equal(next.bytes)
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

  it('prefers the card whose list says more, and else the later one', async () => {
    const { people } = directory()
    const { person, proxy, list } = await somebody(1, 'Bob')
    const grown = await extend(person, list, { name: 'Robert' }, 1)
    const [apart, other] = [await extend(person, grown, { name: 'A' }, 2), await extend(person, grown, { name: 'B' }, 2)]
    const card = async (of: typeof list, issued: number): Promise<Uint8Array> => (await createContactCard(proxy.signer, { list: of, routes: [], issued: T0 + issued, expires: T0 + HOUR })).bytes
    const [old, full, beside, later] = [await card(list, 50), await card(grown, 10), await card(apart, 20), await card(other, 30)]
    for (const [brought, kept] of [[old, old], [full, full], [old, full], [later, later], [beside, later]] as const) {
      await people.learnCard(brought)
      expect(await people.card(person.did)).to.deep.equal(kept)
    }
    expect((await people.list(person.did))?.size).to.equal(4)
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
