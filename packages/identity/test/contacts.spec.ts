import { silentLogger } from '@parley/core'
import { createContacts, createPeople, type Contact, type Contacts } from '@parley/identity'
import { expect } from 'chai'
import { createTestStore } from './support/memory-store.ts'
import { HOUR, T0, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

async function book (store = createTestStore()): Promise<{ contacts: Contacts, store: ReturnType<typeof createTestStore> }> {
  return { contacts: await createContacts({ store, people: createPeople({ store, logger: silentLogger }) }), store }
}

async function names (contacts: Contacts): Promise<string[]> {
  const list: Contact[] = []
  for await (const contact of contacts.list()) list.push(contact)
  return list.map(contact => contact.name)
}

describe('a book of contacts', () => {
  it('finds somebody by DID and by name, whatever its case, also after a restart', async () => {
    const { contacts, store } = await book()
    const bob = await somebody(1, 'Bob')
    expect(await contacts.add({ card: bob.card, now: T0 + 5 })).to.deep.equal({
      did: bob.person.did, name: 'Bob', cardName: 'Bob', type: 'person', members: [], note: '', labels: [], status: 'active', added: T0 + 5, changed: T0 + 5
    })
    for (const kept of [contacts, (await book(store)).contacts]) {
      expect((await kept.find('bob')).did).to.equal(bob.person.did)
      expect((await kept.find(bob.person.did)).name).to.equal('Bob')
      expect(await nameOfError(async () => await kept.find('Bo'))).to.equal('UnknownContactError')
      expect(await nameOfError(async () => await kept.find(bob.phone.did))).to.equal('UnknownContactError')
    }
  })

  it('keeps our own name for somebody when their card is renewed', async () => {
    const { contacts } = await book()
    const bob = await somebody(1, 'Bob')
    await contacts.add({ card: bob.card, name: 'Bobby', now: T0 + 5 })
    expect(await contacts.add({ card: bob.card, now: T0 + 9 })).to.include({ name: 'Bobby', added: T0 + 5 })
    expect(await contacts.add({ card: bob.card, name: 'Robert', now: T0 + 9 })).to.include({ name: 'Robert' })
    expect(await names(contacts)).to.deep.equal(['Robert'])
  })

  it('asks back when two have one name', async () => {
    const { contacts } = await book()
    await contacts.add({ card: (await somebody(1, 'Bob')).card, now: T0 })
    await contacts.add({ card: (await somebody(10, 'bob')).card, now: T0 })
    expect(await nameOfError(async () => await contacts.find('BOB'))).to.equal('AmbiguousContactError')
  })

  it('lists by name and forgets who is removed', async () => {
    const { contacts } = await book()
    const people = [await somebody(1, 'Zoe'), await somebody(10, 'adam'), await somebody(20, '')]
    for (const { card } of people) await contacts.add({ card, now: T0 })
    const unnamed = people[2]?.person.did ?? ''
    expect(await names(contacts)).to.deep.equal(['adam', unnamed, 'Zoe'])
    await contacts.remove(unnamed)
    await contacts.remove(unnamed)
    expect(await names(contacts)).to.deep.equal(['adam', 'Zoe'])
  })

  it('takes no card whose time is over, to the millisecond', async () => {
    const { contacts } = await book()
    const { card } = await somebody(1, 'Bob')
    expect(await nameOfError(async () => await contacts.add({ card, now: T0 + HOUR }))).to.equal('ExpiredCardError')
    expect((await contacts.add({ card, now: T0 + HOUR - 1 })).name).to.equal('Bob')
  })

  it('takes no name that would not print', async () => {
    const { contacts } = await book()
    const { card } = await somebody(1, 'Bob')
    expect(await nameOfError(async () => await contacts.add({ card, name: 'a\nb', now: T0 }))).to.equal('InvalidBytesError')
  })
})
