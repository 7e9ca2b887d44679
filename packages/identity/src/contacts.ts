import { bytesSchema, countSchema, createCodec, type Store } from '@parley/core'
import * as z from 'zod/mini'
import type { ContactCard } from './contact-card.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { AmbiguousContactError, ExpiredCardError, UnknownContactError } from './errors.ts'
import type { People } from './people.ts'
import { compareText, textSchema } from './text.ts'

const PREFIX = '/contacts/'

/** Somebody in our own book. */
export interface Contact {
  did: Did
  /** What we call them. */
  name: string
  added: number
}

/** The book of those we know, with our names for them. */
export interface Contacts {
  /**
   * Adds whom a card names, or renews them; `name` defaults to what we call them already, then to the name on the card.
   *
   * @throws {ExpiredCardError} when the card's time was over at `now`
   * @throws {ForkedDeviceListError | InvalidSignatureError}
   */
  add(entry: { card: ContactCard, name?: string | undefined, now: number }): Promise<Contact>
  /** Yields all contacts, by name. */
  list(): AsyncGenerator<Contact>
  /**
   * Returns the contact with this DID or, upper and lower case being the same, this name.
   *
   * @throws {UnknownContactError | AmbiguousContactError}
   */
  find(nameOrDid: string): Promise<Contact>
  /** Removes a contact; harmless when there is none. What is known of the person stays in `People`. */
  remove(did: Did): Promise<void>
}

const codec = createCodec('contact', z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: KEY_BYTES }),
  name: textSchema({ min: 1, max: 128 }),
  added: countSchema()
}), { maxBytes: 4096 })

/** Creates the book kept in `store`, under `/contacts/`. */
export function createContacts ({ store, people }: { store: Store, people: People }): Contacts {
  const read = async (did: Did): Promise<Contact | undefined> => {
    const bytes = await store.get(PREFIX + did)
    return bytes === undefined ? undefined : decode(bytes)
  }
  const all = async (): Promise<Contact[]> => {
    const contacts: Contact[] = []
    for await (const { value } of store.entries(PREFIX)) contacts.push(decode(value))
    return contacts.sort((a, b) => compareText(fold(a.name), fold(b.name)) || compareText(a.did, b.did))
  }
  return {
    async add ({ card, name, now }) {
      if (now >= card.expires) throw new ExpiredCardError('contact card', card.expires)
      const { list } = await people.learnCard(card.bytes)
      const known = await read(list.person)
      const contact = {
        did: list.person,
        name: name ?? known?.name ?? (list.name === '' ? list.person : list.name),
        added: known?.added ?? now
      }
      const value = codec.encode({ v: 1, person: publicKeyFromDid(contact.did), name: contact.name, added: contact.added })
      await store.commit([{ type: 'put', key: PREFIX + contact.did, value }], { durable: true })
      return contact
    },
    async * list () { yield * await all() },
    async find (nameOrDid) {
      const byDid = nameOrDid.startsWith('did:') ? await read(nameOrDid) : undefined
      if (byDid !== undefined) return byDid
      const found = (await all()).filter(contact => fold(contact.name) === fold(nameOrDid))
      const [first] = found
      if (first === undefined) throw new UnknownContactError(nameOrDid)
      if (found.length > 1) throw new AmbiguousContactError(nameOrDid, found.map(contact => contact.did))
      return first
    },
    async remove (did) { await store.commit([{ type: 'delete', key: PREFIX + did }], { durable: true }) }
  }
}

function decode (bytes: Uint8Array): Contact {
  const { person, name, added } = codec.decode(bytes)
  return { did: didFromPublicKey(person), name, added }
}

/** Two names that people would take for one. */
function fold (name: string): string {
  return name.normalize('NFKC').toLowerCase().trim()
}
