import { createSeededRandom } from '@parley/core'
import {
  claimUrl, contactUrl, createClaim, createContactCard, createDeviceKeys, createDeviceList, createSigner,
  encryptContent, extendDeviceList, mergeDeviceLists, peerIdFromDid, sealTo, signBlock, signSuccession
} from '@parley/identity'
import { toString } from 'uint8arrays'
import { encodeKeyFile } from '../../src/key-file.ts'

const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')
const repeated = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export const SECRETS = { person: repeated(1), phone: repeated(2), phoneSealing: repeated(3), proxy: repeated(4), proxySealing: repeated(5), content: repeated(6), tablet: repeated(11), tabletSealing: repeated(12), next: repeated(13) }
export const TIMES = { issued: 1_700_000_000_000, card: 1_700_000_060_000, expires: 1_702_592_060_000, revoked: 1_700_000_120_000 }
export const SEALING = { purpose: 'epoch-key', plaintext: repeated(7), aad: text('associated data') }

/** Everything that has a byte format here, from fixed secrets and times; hex unless it is text. */
export async function buildVectors () {
  const person = await createSigner(SECRETS.person)
  const phone = await createDeviceKeys({ seed: SECRETS.phone, sealingSecret: SECRETS.phoneSealing })
  const proxy = await createDeviceKeys({ seed: SECRETS.proxy, sealingSecret: SECRETS.proxySealing })
  const tablet = await createDeviceKeys({ seed: SECRETS.tablet, sealingSecret: SECRETS.tabletSealing })
  const next = await createSigner(SECRETS.next)
  const added = TIMES.issued
  const random = createSeededRandom(4)
  const first = await createDeviceList(person, {
    name: 'Bob Example',
    issued: TIMES.issued,
    recovery: repeated(9),
    random,
    devices: [
      { device: phone.did, sealing: phone.sealing.publicKey, name: 'Phone', platform: 'android', roles: ['endpoint', 'admin'], capabilities: ['voice/1'], added, expires: TIMES.expires },
      { device: proxy.did, sealing: proxy.sealing.publicKey, name: 'Proxy at home', platform: 'linux', roles: ['proxy'], capabilities: [], added }
    ]
  })
  // The telephone adds a tablet while the person revokes it: the union, and what becomes of it.
  const byPhone = await extendDeviceList(phone.signer, first, {
    add: [{ device: tablet.did, sealing: tablet.sealing.publicKey, name: 'Tablet', platform: 'linux', roles: ['endpoint'], capabilities: [], added: TIMES.card }]
  }, { at: TIMES.card, random })
  const byPerson = await extendDeviceList(person, first, { revoke: [phone.did] }, { at: TIMES.revoked })
  const second = mergeDeviceLists(byPhone, byPerson)
  const third = await extendDeviceList(person, second, {
    erase: [phone.did], name: 'Robert Example', recovery: repeated(10), successor: await signSuccession(next, { from: person.did, at: TIMES.expires })
  }, { at: TIMES.expires })
  const card = await createContactCard(phone.signer, {
    list: first,
    routes: [{ device: proxy.did, addresses: ['/ip4/192.0.2.1/tcp/4001', '/dns4/proxy.example/tcp/443/wss'] }],
    issued: TIMES.card,
    expires: TIMES.expires
  })
  const claim = await createClaim(proxy, {
    name: 'Proxy at home', platform: 'linux', addresses: ['/ip4/192.0.2.1/tcp/4001'], token: new Uint8Array(16).fill(8), issued: TIMES.issued, expires: TIMES.card
  })
  const [copy] = await sealTo([{ device: phone.did, sealing: phone.sealing.publicKey }], SEALING.purpose, SEALING.plaintext, SEALING.aad)
  if (copy === undefined) throw new TypeError('sealTo gives a copy for each device')
  return {
    did: { publicKey: hex(person.publicKey), did: person.did, devicePeerId: peerIdFromDid(phone.did), deviceDid: phone.did },
    signedBlock: { context: 'action', body: { v: 1, words: 'hello' }, block: hex(await signBlock(person, 'action', { v: 1, words: 'hello' })) },
    deviceLists: [first, byPhone, second, third].map(list => ({ block: hex(list.bytes), cid: list.cid.toString() })),
    contactCard: { block: hex(card.bytes), url: contactUrl(card) },
    claim: { block: hex(claim.bytes), url: claimUrl(claim) },
    sealedCopy: { device: hex(copy.device), enc: hex(copy.enc), ct: hex(copy.ct) },
    sealedContent: hex(encryptContent(SECRETS.content, SEALING.plaintext, SEALING.aad, createSeededRandom(1))),
    keyFiles: {
      plain: hex(await encodeKeyFile({ name: 'person', secret: SECRETS.person, passphrase: undefined }, { random: createSeededRandom(2) })),
      encrypted: hex(await encodeKeyFile({ name: 'person', secret: SECRETS.person, passphrase: 'correct horse battery staple' }, { random: createSeededRandom(3) }))
    }
  }
}
