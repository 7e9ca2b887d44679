import { createEmitter, sha256, type Emitter, type Logger } from '@parley/core'
import { equals } from 'uint8arrays'
import type { Did } from '../did.ts'
import type { ContactBook } from './contact-book.ts'
import { decodeContact, type Contact, type ContactRecord } from './contact-record.ts'

export interface ContactsEvents extends Record<string, unknown> {
  /** A contact is another than before, here or on another device of the person; without `contact` it is gone. */
  changed: { did: Did, contact?: Contact, before?: Contact }
}

/** All contacts in memory, kept as the book is. */
export interface ContactIndex extends Emitter<ContactsEvents> {
  get(did: Did): Contact | undefined
  all(): Contact[]
  /** Takes over what the book has for a DID now; the same bytes again change nothing. */
  apply(did: Did, bytes: Uint8Array | undefined): void
  stop(): void
}

export interface ContactIndexInit {
  /** Called with each record: those that were there already (`isNew` false), and those that come, for example from another device. */
  learned(record: ContactRecord, isNew: boolean): void
}

/** Reads a book and follows it. A record that is none is logged and left out. */
export async function openContactIndex ({ book, logger }: { book: ContactBook, logger: Logger }, { learned }: ContactIndexInit): Promise<ContactIndex> {
  const events = createEmitter<ContactsEvents>(logger)
  const entries = new Map<Did, { contact: Contact, hash: Uint8Array }>()

  const apply = (did: Did, bytes: Uint8Array | undefined, isNew = true): void => {
    const before = entries.get(did)
    if (bytes === undefined) {
      if (entries.delete(did) && before !== undefined) events.emit('changed', { did, before: before.contact })
      return
    }
    const hash = sha256(bytes)
    if (before !== undefined && equals(before.hash, hash)) return
    try {
      const record = decodeContact(bytes)
      const { contact } = record
      if (contact.did !== did) {
        logger.warn('a contact record lies under another name than its own', { did })
        return
      }
      entries.set(did, { contact, hash })
      learned(record, isNew)
      events.emit('changed', { did, contact, ...(before === undefined ? {} : { before: before.contact }) })
    } catch (error) {
      logger.warn('a contact record cannot be read', { did, error })
    }
  }

  // Heard from before it is read, so that nothing falls between the two; what was heard is newer than what is read.
  const heard = new Set<Did>()
  const off = book.on('changed', ({ did, bytes }) => {
    heard.add(did)
    apply(did, bytes)
  })
  for await (const { did, bytes } of book.list()) if (!heard.has(did)) apply(did, bytes, false)

  return {
    on: events.on,
    get: did => entries.get(did)?.contact,
    all: () => [...entries.values()].map(({ contact }) => contact),
    apply: (did, bytes) => { apply(did, bytes) },
    stop: off
  }
}
