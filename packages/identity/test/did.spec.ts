import { createSigner, didFromPeerId, didFromPublicKey, peerIdFromDid, publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { fromString } from 'uint8arrays'
import { nameOfError } from './support/rejection.ts'
import { sharedVectors } from './support/vectors.ts'

type Vectors = Record<string, { seed: string, verificationKeyPair: { publicKeyBase58?: string, publicKeyJwk?: { x: string } } }>

describe('did:key', () => {
  it('agrees with the vectors of the did:key test suite', async function () {
    const vectors = sharedVectors<Vectors>(this, 'did-key-ed25519-x25519.json')
    const entries = Object.entries(vectors)
    expect(entries.length).to.be.greaterThan(4)
    for (const [did, { seed, verificationKeyPair }] of entries) {
      const { publicKeyBase58, publicKeyJwk } = verificationKeyPair
      const publicKey = publicKeyBase58 === undefined ? fromString(publicKeyJwk?.x ?? '', 'base64url') : new Uint8Array(base58btc.baseDecode(publicKeyBase58))
      expect((await createSigner(fromString(seed, 'hex'))).did).to.equal(did)
      expect(didFromPublicKey(publicKey)).to.equal(did)
      expect(publicKeyFromDid(did)).to.deep.equal(publicKey)
    }
  })

  it('comes back from every key, directly and by its peer id', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), publicKey => {
      const did = didFromPublicKey(publicKey)
      expect(did).to.match(/^did:key:z6Mk/)
      expect(publicKeyFromDid(did)).to.deep.equal(publicKey)
      expect(peerIdFromDid(did)).to.match(/^12D3KooW/)
      expect(didFromPeerId(peerIdFromDid(did))).to.equal(did)
    }))
  })

  it('has the peer id that libp2p gives to the key', async () => {
    // The example of the libp2p peer id specification's Ed25519 key encoding.
    const publicKey = fromString('1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e', 'hex')
    expect(peerIdFromDid(didFromPublicKey(publicKey))).to.equal('12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq')
  })

  it('is refused by name when it is anything else', async () => {
    const refused = [
      '', 'did:key:', 'did:key:z', 'did:web:example.org', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW0',
      'did:key:z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW', 'DID:KEY:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
      'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6Mk', ' did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
      'did:key:z16MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp', `did:key:z${'1'.repeat(1_000_000)}`
    ]
    for (const text of refused) expect(await nameOfError(() => publicKeyFromDid(text)), text.slice(0, 60)).to.equal('InvalidDidError')
    for (const text of ['', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG', '12D3Koo', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp']) {
      expect(await nameOfError(() => didFromPeerId(text))).to.equal('InvalidDidError')
    }
    expect(await nameOfError(() => didFromPublicKey(new Uint8Array(33)))).to.equal('InvalidArgumentError')
  })
})
