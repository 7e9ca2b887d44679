import { createSeededRandom, createVirtualClock, encodeCanonical, silentLogger, type VirtualClock } from '@parley/core'
import {
  createContactCard, createContacts, createPeople, createStoreContactBook, decodeContact, encodeContact, publicKeyFromDid,
  type Contact, type ContactBook, type ContactFilter, type Contacts, type Did, type People
} from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createTestStore, type MemoryStore } from '../support/memory-store.ts'
import { HOUR, T0, somebody, type Somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'

describe('the verbs of a book of contacts', () => {
  let clock: VirtualClock
  let store: MemoryStore
  let people: People
  let book: ContactBook
  let contacts: Contacts
  let erased: Did[]
  let bob: Somebody
  let eve: Somebody

  beforeEach(async () => {
    clock = createVirtualClock(T0 + 5)
    store = createTestStore()
    people = createPeople({ store, logger: silentLogger })
    book = createStoreContactBook({ store })
    erased = []
    contacts = await createContacts({ book, people, clock, random: createSeededRandom(1) }, { erase: [async did => { erased.push(did) }] })
    ;[bob, eve] = [await somebody(1, 'Bob'), await somebody(10, 'Eve')]
  })

  const did = (who: Somebody): Did => who.person.did
  const rotated = (): People => ({ ...people, list: async person => await people.list(person).then(list => list === undefined ? undefined : { ...list, successor: did(eve) }) })
  const names = async (filter?: ContactFilter, of = contacts): Promise<string[]> => {
    const found: string[] = []
    for await (const { name } of of.list(filter)) found.push(name)
    return found
  }
  const reopened = async (): Promise<Contacts> => await createContacts({ book: createStoreContactBook({ store }), people, clock })

  it('edit changes what is named and nothing else, and survives a restart', async () => {
    await contacts.add({ card: bob.card, labels: ['work'], note: 'met in Ulm\nlikes tea' })
    await clock.advance(7)
    const edited = await contacts.edit(did(bob), { name: 'Bobby', labels: ['work', 'chess', 'chess'] })
    expect(edited).to.deep.include({ name: 'Bobby', cardName: 'Bob', note: 'met in Ulm\nlikes tea', labels: ['chess', 'work'], added: T0 + 5, changed: T0 + 12 })
    expect((await reopened()).get(did(bob))).to.deep.equal(edited)
    expect(await nameOfError(async () => await contacts.edit(did(eve), { name: 'x' }))).to.equal('UnknownContactError')
    expect(await nameOfError(async () => await contacts.edit(did(bob), { name: 'a\u202eb' }))).to.equal('InvalidBytesError')
  })

  it('remove stops trusting and keeps record and card; adding or restoring takes back', async () => {
    await contacts.add({ card: bob.card, name: 'Bobby' })
    await contacts.verify(did(bob), 'code')
    await contacts.remove(did(bob))
    expect([contacts.isContact(did(bob)), contacts.get(did(bob))?.name, contacts.get(did(bob))?.verified]).to.deep.equal([false, 'Bobby', undefined])
    expect(await contacts.card(did(bob))).to.deep.equal(bob.card.bytes)
    expect([await names(), await names({ status: ['removed'] })]).to.deep.equal([[], ['Bobby']])
    expect(await nameOfError(async () => await contacts.find('Bobby'))).to.equal('UnknownContactError')
    expect((await contacts.restore(did(bob))).status).to.equal('active')
    await contacts.remove(did(bob))
    expect((await contacts.add({ card: bob.card })).name).to.equal('Bobby')
    await contacts.remove(did(eve))
  })

  it('delete erases the record and calls for the rest', async () => {
    await contacts.add({ card: bob.card, name: 'Bobby' })
    await contacts.delete(did(bob))
    expect([contacts.get(did(bob)), erased, await book.get(did(bob))]).to.deep.equal([undefined, [did(bob)], undefined])
  })

  it('block shuts out also whom we do not know; deleting them leaves only the block', async () => {
    await contacts.add({ card: bob.card, name: 'Bobby', note: 'secret' })
    await contacts.block(did(bob))
    await contacts.block(did(eve))
    await contacts.block(did(eve))
    for (const kept of [contacts, await reopened()]) {
      expect([bob, eve].map(who => [kept.isBlocked(did(who)), kept.isContact(did(who))])).to.deep.equal([[true, false], [true, false]])
    }
    expect((await contacts.add({ card: bob.card })).status).to.equal('blocked')
    await contacts.remove(did(bob))
    await contacts.delete(did(bob))
    expect(contacts.get(did(bob))).to.include({ status: 'blocked', name: did(bob), note: '' })
    await contacts.unblock(did(bob))
    await contacts.delete(did(bob))
    expect(contacts.get(did(bob))).to.equal(undefined)
    await contacts.unblock(did(eve))
    expect([contacts.isBlocked(did(eve)), contacts.isContact(did(eve))]).to.deep.equal([false, false])
  })

  it('verify notes when, how and of which key; unverify takes it back', async () => {
    await contacts.add({ card: bob.card })
    const { verified } = await contacts.verify(did(bob), 'safety-number')
    expect(verified).to.include({ at: T0 + 5, how: 'safety-number' })
    expect(await names({ verified: true })).to.deep.equal(['Bob'])
    expect((await contacts.unverify(did(bob))).verified).to.equal(undefined)
  })

  it('list filters by type, label and text', async () => {
    await contacts.add({ card: bob.card, labels: ['work'] })
    await contacts.add({ card: eve.card, type: 'bot', note: 'Weather' })
    expect([await names({ type: 'bot' }), await names({ label: 'work' }), await names({ text: 'WEATH' }), await names({ verified: false })]).to.deep.equal([['Eve'], ['Bob'], ['Eve'], ['Bob', 'Eve']])
  })

  it('resolve expands groups and aliases, leaves out the blocked and refuses circles', async () => {
    await contacts.add({ card: bob.card })
    await contacts.add({ card: eve.card })
    const alias = await contacts.create({ type: 'alias', name: 'the boss', members: [did(bob)] })
    const team = await contacts.create({ type: 'team', name: 'team', members: [alias.did, did(eve)] })
    const all = await contacts.create({ type: 'group', name: 'all', members: [team.did, did(bob), (await somebody(20, '')).person.did] })
    expect([...await contacts.resolve('ALL')]).to.have.members([did(bob), did(eve), (await somebody(20, '')).person.did])
    expect([...await contacts.resolve(did(eve))]).to.deep.equal([did(eve)])
    await contacts.block(did(eve))
    expect([...await contacts.resolve('team')]).to.deep.equal([did(bob)])
    await contacts.edit(team.did, { members: [all.did] })
    expect(await nameOfError(async () => await contacts.resolve('all'))).to.equal('ContactCycleError')
    expect(await nameOfError(async () => await contacts.resolve('nobody'))).to.equal('UnknownContactError')
    expect(await nameOfError(async () => await contacts.resolve('did:key:zzz'))).to.equal('InvalidDidError')
    expect(await nameOfError(async () => await contacts.create({ type: 'alias', name: 'two', members: [did(bob), did(eve)] }))).to.equal('InvalidBytesError')
  })

  it('follow moves the record to the new key, which has to be verified again', async () => {
    await contacts.add({ card: bob.card, name: 'Bobby' })
    await contacts.verify(did(bob), 'in-person')
    const group = await contacts.create({ type: 'group', name: 'us', members: [did(bob)] })
    expect(await nameOfError(async () => await contacts.follow(did(bob)))).to.equal('NoSuccessorError')
    const following = await createContacts({ book, people: rotated(), clock })
    const { contact, mustVerify } = await following.follow(did(bob))
    expect(contact).to.deep.include({ did: did(eve), name: 'Bobby', successorOf: did(bob), status: 'active' })
    expect([mustVerify, contact.verified, following.get(did(bob)), following.get(group.did)?.members]).to.deep.equal([true, undefined, undefined, [did(eve)]])
  })

  it('follow does not let somebody out of a block by a new key, and keeps the old one shut out', async () => {
    await contacts.add({ card: bob.card })
    await contacts.block(did(bob))
    const following = await createContacts({ book, people: rotated(), clock })
    await following.follow(did(bob))
    expect([following.isBlocked(did(bob)), following.isBlocked(did(eve))]).to.deep.equal([true, true])
    await following.unblock(did(eve))
    expect(following.isContact(did(eve))).to.equal(true)
  })

  it('follow what another device writes, and tell of every change', async () => {
    const told: Array<[Did, string | undefined]> = []
    contacts.on('changed', ({ did, contact }) => { told.push([did, contact?.status]) })
    await contacts.add({ card: bob.card })
    const record = decodeContact(await book.get(did(bob)) ?? new Uint8Array(0))
    await book.put(did(bob), encodeContact({ ...record, before: 'active', contact: { ...record.contact, status: 'blocked' } }))
    expect(contacts.isBlocked(did(bob))).to.equal(true)
    await book.delete(did(bob))
    expect(told).to.deep.equal([[did(bob), 'active'], [did(bob), 'blocked'], [did(bob), undefined]])
    const elsewhere = createPeople({ store: createTestStore(), logger: silentLogger })
    await book.put(did(bob), encodeContact(record))
    const other = await createContacts({ book, people: elsewhere, clock })
    await other.stop()
    expect((await elsewhere.list(did(bob)))?.name).to.equal('Bob')
  })
})

describe('a card that is not what it should be', () => {
  it('is refused by name and nothing is stored: of somebody else, expired, older, altered', async () => {
    const store = createTestStore()
    const contacts = await createContacts({ store, people: createPeople({ store, logger: silentLogger }), clock: createVirtualClock(T0 + 5) })
    const [bob, eve] = [await somebody(1, 'Bob'), await somebody(10, 'Eve')]
    const newer = await createContactCard(bob.phone.signer, { list: bob.list, routes: [], issued: T0 + 4, expires: T0 + 2 * HOUR })
    expect(await nameOfError(async () => await contacts.add({ card: eve.card, expect: bob.person.did }))).to.equal('WrongPersonError')
    expect(await nameOfError(async () => await contacts.add({ card: bob.card, now: T0 + HOUR }))).to.equal('ExpiredCardError')
    expect(await nameOfError(async () => await contacts.add({ card: { ...bob.card, bytes: bob.card.bytes.map((byte, index) => index === 300 ? byte ^ 1 : byte) } }))).to.match(/^Invalid(Bytes|Signature)Error$/)
    expect(store.values.size).to.equal(0)
    await contacts.add({ card: newer })
    const before = new Map(store.values)
    expect(await nameOfError(async () => await contacts.add({ card: bob.card }))).to.equal('OlderCardError')
    expect(store.values).to.deep.equal(before)
  })
})

describe('a contact record', () => {
  const contactOf = async (): Promise<Contact> => ({
    did: (await somebody(1, 'Bob')).person.did, name: 'Bob', cardName: 'Robert', type: 'shared', members: [(await somebody(10, 'Eve')).person.did], note: 'a\nb', labels: ['x', 'y'], status: 'active', added: 1, changed: 2
  })

  it('is read as it was before contacts had more than a name', async () => {
    const did = (await somebody(1, 'Bob')).person.did
    expect(decodeContact(encodeCanonical({ v: 1, person: publicKeyFromDid(did), name: 'Bob', added: 7 })).contact).to.include({ did, name: 'Bob', status: 'active', added: 7, changed: 7 })
  })

  it('leaves out a card that has no room in the home log', async () => {
    const bytes = encodeContact({ contact: await contactOf(), card: new Uint8Array(20 * 1024 + 1) })
    expect(decodeContact(bytes).card).to.equal(undefined)
  })

  it('is refused by name however its bytes are altered, or reads as a whole', async function () {
    this.timeout(60_000)
    const bytes = encodeContact({ contact: await contactOf() })
    await fc.assert(fc.asyncProperty(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      expect(await nameOfError(() => decodeContact(bytes.map((byte, index) => index === at ? byte ^ by : byte)))).to.be.oneOf(['no error', 'InvalidBytesError', 'OversizedBytesError'])
    }), { numRuns: 10_000, seed: 11 })
  })
})
