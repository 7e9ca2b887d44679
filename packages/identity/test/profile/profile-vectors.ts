import { RAW, cidOf } from '@parley/core'
import { encodeContact, type Photo, type ProfileFields } from '@parley/identity'
import { toString } from 'uint8arrays'
import { T0, deviceKeys, somebody } from '../support/persons.ts'
import { bundleOf, entitled, profiled } from './support.ts'

export const PHOTO: Photo = { cid: cidOf(Uint8Array.of(1, 2, 3), RAW), key: new Uint8Array(32).fill(9), mediaType: 'image/webp', sizeBytes: 1234, width: 64, height: 48 }

/** One of each field. */
export const FIELDS: ProfileFields = {
  commonName: 'Bob',
  fullName: 'Robert Example',
  emails: ['bob@example.org'],
  phone: '+49 (731) 123-456',
  photo: PHOTO,
  description: 'Builds clocks.',
  descriptionMarkdown: '# Bob\n\nBuilds *clocks*.',
  timeZone: 'Europe/Berlin',
  links: [{ url: 'https://example.org/@bob', name: 'Bob’s page', how: 'rel-me', checked: T0 }],
  organisations: [{ name: 'Clockworks', team: 'Springs', role: 'Maker' }],
  names: ['did:web:bob.example.org'],
  status: { state: 'out-of-office', until: T0 + 1000, message: 'Back soon.' },
  type: 'person'
}

/** A tier, a bundle and a contact record, from fixed secrets and times, in hex. */
export async function buildProfileVectors (): Promise<{ block: string, bundle: string, contact: string }> {
  const bob = await profiled(1, { contacts: FIELDS })
  const { person } = await somebody(1, 'Bob')
  const bundle = await bundleOf(bob, [entitled(await deviceKeys(30), 'contacts'), entitled(await deviceKeys(40), 'correspondents')])
  const contact = encodeContact({
    // A record keeps a card as it came; cards have vectors of their own.
    card: new Uint8Array(40).fill(7),
    before: 'active',
    contact: {
      did: person.did, name: 'Bobby', cardName: 'Bob', type: 'person', members: [], note: 'met in Ulm', labels: ['work', 'chess'], status: 'blocked',
      verified: { at: T0, how: 'code', fingerprint: '' }, successorOf: (await deviceKeys(50)).did, added: T0, changed: T0 + 1
    }
  })
  return { block: toString(bob.blocks.contacts.bytes, 'hex'), bundle: toString(bundle.bytes, 'hex'), contact: toString(contact, 'hex') }
}
