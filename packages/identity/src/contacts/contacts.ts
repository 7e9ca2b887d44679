import { createSystemClock, silentLogger, systemRandom, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import { equals } from 'uint8arrays'
import { decodeContactCard, type ContactCard } from '../contact-card.ts'
import { publicKeyFromDid, type Did } from '../did.ts'
import { ExpiredCardError, UnknownContactError } from '../errors.ts'
import { WrongPersonError } from '../pairing/errors.ts'
import type { People } from '../people.ts'
import { createQueue } from '../queue.ts'
import { createSigner } from '../signer.ts'
import { createStoreContactBook, type ContactBook } from './contact-book.ts'
import { addedByCard, blocked, deleted, edited, followed, removed, restored, unblocked, unverified, verified, type ContactEdit } from './contact-changes.ts'
import { openContactIndex, type ContactsEvents } from './contact-index.ts'
import { decodeContact, encodeContact, newContact, type Contact, type ContactRecord, type VerifiedHow } from './contact-record.ts'
import { NoSuccessorError, OlderCardError } from './errors.ts'
import { compareContacts, findContact, matchesFilter, personsOfContact, type ContactFilter } from './find-contacts.ts'

/** What is added, and what we say of it. */
export interface ContactEntry extends ContactEdit {
  card: ContactCard
  /** Whose card it should be, where that is known: whoever asked for a DID's card wants no other's. */
  expect?: Did | undefined
  /** @default the clock's time */
  now?: number
}

/** The book of those we know. Everything that changes it resolves once it is on the disk itself. */
export interface Contacts extends Emitter<ContactsEvents> {
  /**
   * Adds whom a card names, or renews them; `name` defaults to what we call
   * them already, then to the name on the card. A block stays.
   *
   * @throws {ExpiredCardError} when the card's time was over at `now`
   * @throws {WrongPersonError} when the card is not of whom was expected
   * @throws {OlderCardError} when a newer card of the person is kept
   * @throws {InvalidSignatureError | InvalidBytesError} when the card or what we say of it cannot be; nothing is stored then
   */
  add(entry: ContactEntry): Promise<Contact>
  /** Makes a contact of our own that stands for others: `members` of a group or team, the one an alias stands for. */
  create(entry: { type: 'group' | 'team' | 'alias', name: string, members: Did[], note?: string, labels?: string[] }): Promise<Contact>
  /** Changes what we say of a contact. @throws {UnknownContactError | InvalidBytesError} */
  edit(did: Did, edit: ContactEdit): Promise<Contact>
  /** Stops trusting somebody; record, card and history stay. Harmless when there is no such contact. */
  remove(did: Did): Promise<void>
  /** Takes somebody back who was removed. @throws {UnknownContactError} */
  restore(did: Did): Promise<Contact>
  /**
   * Erases the record and, through `erase`, what else is kept of somebody. Of
   * somebody blocked the DID and the block stay: lift it first to erase them.
   */
  delete(did: Did): Promise<void>
  /** Shuts somebody out, contact or not. @throws {InvalidDidError} */
  block(did: Did): Promise<Contact>
  /** Lets them be what they were before. Harmless when they are not blocked. */
  unblock(did: Did): Promise<void>
  /** Notes that the person's key was compared, and how. @throws {UnknownContactError} */
  verify(did: Did, how: VerifiedHow): Promise<Contact>
  /** @throws {UnknownContactError} */
  unverify(did: Did): Promise<Contact>
  /**
   * Moves the contact to the new key that their device list names, and puts it
   * into every group where the old one was. `mustVerify`: the old key had been
   * verified, the new one has not.
   *
   * @throws {UnknownContactError | NoSuccessorError}
   */
  follow(did: Did): Promise<{ contact: Contact, mustVerify: boolean }>
  /** Yields contacts by name; without a filter those who are active. */
  list(filter?: ContactFilter): AsyncGenerator<Contact>
  /**
   * Returns the contact with this DID or, upper and lower case being the same, this name.
   *
   * @throws {UnknownContactError | AmbiguousContactError}
   */
  find(nameOrDid: string, filter?: ContactFilter): Promise<Contact>
  /**
   * Returns the persons for whom a name or DID stands: groups, teams and
   * aliases expanded, those of their members who are blocked left out. A DID
   * that is no contact stands for itself.
   *
   * @throws {UnknownContactError | AmbiguousContactError | ContactCycleError}
   */
  resolve(nameOrDid: string): Promise<Set<Did>>
  /** Returns the record of a DID, whatever its status. */
  get(did: Did): Contact | undefined
  /** Returns the newest card of a contact, as bytes to pass on. */
  card(did: Did): Promise<Uint8Array | undefined>
  /** Tells whether somebody is an active contact. Asks memory only. */
  isContact(did: Did): boolean
  /** Tells whether somebody is blocked. Asks memory only. */
  isBlocked(did: Did): boolean
  /** Stops following the book; waits for what is under way. */
  stop(): Promise<void>
}

export interface ContactsComponents {
  people: People
  /** Where the records lie. @default `createStoreContactBook({ store })` */
  book?: ContactBook
  /** Needed without `book`. */
  store?: Store
  /** @default the system's */
  clock?: Clock
  /** @default the system's */
  random?: RandomBytes
  /** @default says nothing */
  logger?: Logger
}

export interface ContactsInit {
  /** Erases what else is kept of somebody who is deleted: their profile, photo, card. Called before the record goes, so that an interrupted deletion can be repeated. @default nothing */
  erase?: Array<(did: Did) => Promise<void>>
}

/** Opens a book of contacts and keeps it in memory; cards that another device wrote into it are learned. */
export async function createContacts (components: ContactsComponents & ({ book: ContactBook } | { store: Store }), { erase = [] }: ContactsInit = {}): Promise<Contacts> {
  const { people, clock = createSystemClock(), random = systemRandom, logger: parent = silentLogger } = components
  const logger = parent.child('contacts')
  const book = components.book ?? createStoreContactBook({ store: components.store as Store, logger })
  // Changes read what is there before they write, so they go one by one.
  const queue = createQueue()
  const learning = new Set<Promise<unknown>>()
  /** A card that comes may be newer than what is known; one that lay there is needed only where nothing is. */
  const learn = async ({ contact: { did }, card }: ContactRecord, isNew: boolean): Promise<void> => {
    if (card === undefined) return
    const known = isNew ? await people.card(did) : (await people.list(did))?.bytes
    if (known === undefined || (isNew && !equals(known, card))) await people.learnCard(card)
  }
  const index = await openContactIndex({ book, logger }, {
    learned (record, isNew) {
      const work = learn(record, isNew).catch((error: unknown) => { logger.warn('the card of a contact could not be learned', { did: record.contact.did, error }) }).finally(() => { learning.delete(work) })
      learning.add(work)
    }
  })

  const read = async (did: Did): Promise<ContactRecord | undefined> => {
    const bytes = await book.get(did)
    return bytes === undefined ? undefined : decodeContact(bytes)
  }
  const known = async (did: Did): Promise<ContactRecord> => {
    const record = await read(did)
    if (record === undefined) throw new UnknownContactError(did)
    return record
  }
  const put = async (record: ContactRecord): Promise<Contact> => {
    const { did } = record.contact
    const bytes = encodeContact(record)
    await book.put(did, bytes)
    index.apply(did, bytes)
    return decodeContact(bytes).contact
  }
  const erased = async (did: Did): Promise<void> => {
    await book.delete(did)
    index.apply(did, undefined)
  }
  const change = async (did: Did, make: (record: ContactRecord, now: number) => ContactRecord): Promise<Contact> =>
    await queue(async () => {
      const record = await known(did)
      const next = make(record, clock.now())
      return next === record ? record.contact : await put(next)
    })
  /** What is known may have erased something that the card in the record still tells. */
  const cardOf = async (did: Did): Promise<Uint8Array | undefined> => await people.list(did) === undefined ? (await read(did))?.card : await people.card(did)
  const newestCard = async (did: Did): Promise<Uint8Array | undefined> => {
    const bytes = [await people.card(did), (await read(did))?.card].filter(bytes => bytes !== undefined)
    const cards = await Promise.all(bytes.map(decodeContactCard))
    return cards.sort((a, b) => b.issued - a.issued)[0]?.bytes
  }

  const add = async ({ card, expect, now = clock.now(), name, type, members, note, labels }: ContactEntry): Promise<Contact> => {
    const { person } = card.list
    if (expect !== undefined && expect !== person) throw new WrongPersonError(expect, person)
    if (now >= card.expires) throw new ExpiredCardError('contact card', card.expires)
    const kept = await newestCard(person)
    const keptIssued = kept === undefined ? -1 : (await decodeContactCard(kept)).issued
    if (card.issued < keptIssued) throw new OlderCardError(person, { issued: card.issued, kept: keptIssued })
    const edit = Object.fromEntries(Object.entries({ name, type, members, note, labels }).filter(([, value]) => value !== undefined))
    const record = addedByCard(await read(person), { person, name: card.list.name, bytes: card.bytes }, edit, now)
    // What cannot be written is refused before anything of the card is taken over.
    encodeContact(record)
    await people.learnCard(card.bytes)
    return await put(record)
  }

  const follow = async (did: Did): Promise<{ contact: Contact, mustVerify: boolean }> => {
    const from = await known(did)
    const successor = (await people.list(did))?.successor
    if (successor === undefined || successor === did) throw new NoSuccessorError(did)
    const now = clock.now()
    const contact = await put(followed(from, await read(successor), successor, now))
    for (const group of index.all().filter(other => other.members.includes(did) && other.did !== successor)) {
      const members = group.members.map(member => member === did ? successor : member).filter(member => member !== group.did)
      await put(edited(await known(group.did), { members }, now))
    }
    // A key that is shut out stays so: whoever has it may still use it.
    if (from.contact.status !== 'blocked') await erased(did)
    return { contact, mustVerify: from.contact.verified !== undefined && contact.verified === undefined }
  }

  return {
    on: index.on,
    add: async entry => await queue(async () => await add(entry)),
    create: async ({ type, name, members, note = '', labels = [] }) => await queue(async () => {
      // The secret is thrown away: nobody speaks as a contact of our own making.
      const { did } = await createSigner(random(32))
      return await put({ contact: { ...newContact(did, { name, now: clock.now() }), type, members, note, labels } })
    }),
    edit: async (did, edit) => await change(did, (record, now) => edited(record, edit, now)),
    remove: async did => { await queue(async () => { const record = await read(did); if (record !== undefined) await put(removed(record, clock.now())) }) },
    restore: async did => await change(did, restored),
    delete: async did => {
      await queue(async () => {
        for (const forget of erase) await forget(did)
        const record = await read(did)
        const rest = record === undefined ? undefined : deleted(record, clock.now())
        if (rest === undefined) await erased(did)
        else await put(rest)
      })
    },
    block: async did => await queue(async () => {
      publicKeyFromDid(did)
      const name = (await people.list(did))?.name
      return await put(blocked(await read(did), { did, name: name === undefined || name === '' ? did : name }, clock.now()))
    }),
    unblock: async did => { await queue(async () => { const record = await read(did); if (record?.before !== undefined) await put(unblocked(record, clock.now())) }) },
    verify: async (did, how) => await change(did, (record, now) => verified(record, how, now)),
    unverify: async did => await change(did, unverified),
    follow: async did => await queue(async () => await follow(did)),
    async * list (filter) { yield * index.all().filter(contact => matchesFilter(contact, filter ?? {})).sort(compareContacts) },
    find: async (nameOrDid, filter) => findContact(index.all().filter(contact => matchesFilter(contact, filter ?? {})), nameOrDid),
    async resolve (nameOrDid) {
      const isDid = nameOrDid.startsWith('did:')
      if (isDid) publicKeyFromDid(nameOrDid)
      const did = isDid ? nameOrDid : findContact(index.all().filter(contact => contact.status === 'active'), nameOrDid).did
      return personsOfContact(did, index.get)
    },
    get: index.get,
    card: cardOf,
    isContact: did => index.get(did)?.status === 'active',
    isBlocked: did => index.get(did)?.status === 'blocked',
    async stop () {
      index.stop()
      await queue(async () => {})
      await Promise.allSettled(learning)
    }
  }
}
