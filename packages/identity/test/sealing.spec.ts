import { createSeededRandom, systemRandom } from '@parley/core'
import { createAgreementKey, createSealedSender, createSealingKey, decryptContent, encryptContent, sealTo, type SealingKey } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { diffieHellman, createPrivateKey, createPublicKey } from 'node:crypto'
import { fromString, toString } from 'uint8arrays'
import { independentContext } from './support/independent-hpke.ts'
import { deviceKeys, secret } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const hex = (value: string): Uint8Array => fromString(value, 'hex')
const aad = text('aad')

describe('sealing to devices', () => {
  it('opens for each of them and for nobody else', async () => {
    const [a, b, c] = [await deviceKeys(1), await deviceKeys(2), await deviceKeys(3)]
    const copies = await sealTo([a, b].map(keys => ({ device: keys.did, sealing: keys.sealing.publicKey })), 'epoch-key', secret(9), aad)
    expect(copies.map(copy => copy.device)).to.deep.equal([a.signer.publicKey, b.signer.publicKey])
    const [forA, forB] = copies
    if (forA === undefined || forB === undefined) throw new TypeError('two copies were expected')
    expect(forA.ct).to.have.length(32 + 16)
    expect(await a.sealing.open('epoch-key', forA, aad)).to.deep.equal(secret(9))
    expect(await b.sealing.open('epoch-key', forB, aad)).to.deep.equal(secret(9))
    expect(await nameOfError(async () => await a.sealing.open('epoch-key', forB, aad))).to.equal('UndecryptableError')
    expect(await nameOfError(async () => await c.sealing.open('epoch-key', forA, aad))).to.equal('UndecryptableError')
    expect(await nameOfError(async () => await a.sealing.open('voice-key', forA, aad))).to.equal('UndecryptableError')
    expect(await nameOfError(async () => await a.sealing.open('epoch-key', forA, text('other')))).to.equal('UndecryptableError')
  })

  it('refuses altered copies by name', async () => {
    const { sealing, did } = await deviceKeys(1)
    const [copy] = await sealTo([{ device: did, sealing: sealing.publicKey }], 'epoch-key', secret(9), aad)
    if (copy === undefined) throw new TypeError('a copy was expected')
    await fc.assert(fc.asyncProperty(fc.constantFrom('enc' as const, 'ct' as const), fc.nat(), fc.integer({ min: 1, max: 255 }), async (part, position, change) => {
      const bytes = copy[part].slice()
      const index = position % bytes.byteLength
      // The top bit of an X25519 key is not part of it (RFC 7748), but HPKE binds the bytes as they came.
      bytes[index] = (bytes[index] ?? 0) ^ change
      expect(await nameOfError(async () => await sealing.open('epoch-key', { ...copy, [part]: bytes }, aad))).to.equal('UndecryptableError')
    }))
    for (const enc of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(32), new Uint8Array(33)]) {
      expect(await nameOfError(async () => await sealing.open('epoch-key', { enc, ct: copy.ct }, aad))).to.equal('UndecryptableError')
    }
    expect(await nameOfError(async () => await sealing.open('epoch-key', { enc: copy.enc, ct: new Uint8Array(0) }, aad))).to.equal('UndecryptableError')
  })

  it('refuses to seal to a key that nobody has', async () => {
    for (const sealing of [new Uint8Array(32), new Uint8Array(31), hex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff')]) {
      expect(await nameOfError(async () => await sealTo([{ device: (await deviceKeys(1)).did, sealing }], 'epoch-key', secret(9), aad))).to.equal('InvalidArgumentError')
    }
  })

  it('refuses a purpose with anything unusual in it', async () => {
    const { publicKey } = await createSealingKey(secret(1))
    expect(await nameOfError(async () => await createSealedSender(publicKey, 'a\0b'))).to.equal('InvalidArgumentError')
  })
})

describe('a sequence of sealed messages', () => {
  it('opens in order and in no other', async () => {
    const key = await createSealingKey(secret(1))
    const sender = await createSealedSender(key.publicKey, 'signal')
    const sealed = [await sender.seal(text('one'), aad), await sender.seal(text('two'), aad)] as const
    const receiver = await key.receive('signal', sender.enc)
    expect(toString(await receiver.open(sealed[0], aad))).to.equal('one')
    expect(toString(await receiver.open(sealed[1], aad))).to.equal('two')
    const late = await key.receive('signal', sender.enc)
    expect(await nameOfError(async () => await late.open(sealed[1], aad))).to.equal('UndecryptableError')
  })
})

describe('HPKE', () => {
  // RFC 9180, Appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
  const a11 = {
    info: hex('4f6465206f6e2061204772656369616e2055726e'),
    enc: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
    recipient: hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
    skRm: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
    plaintext: hex('4265617574792069732074727574682c20747275746820626561757479'),
    ciphertexts: [
      'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
      'af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84'
    ]
  }

  it('computed from the RFC gives the vectors of RFC 9180 A.1.1', () => {
    const context = independentContext({ secret: a11.skRm, other: a11.enc, aead: 'aes-128-gcm', ...a11 })
    expect(toString(context.key, 'hex')).to.equal('4531685d41d65f03dc48f6b8302c05b0')
    expect(a11.ciphertexts.map((_value, index) => toString(context.seal(index, a11.plaintext, text(`Count-${index}`)), 'hex'))).to.deep.equal(a11.ciphertexts)
  })

  it('of this package gives what the same computation gives with AES-256-GCM', async () => {
    const key = await createSealingKey(secret(1))
    const sender = await createSealedSender(key.publicKey, 'epoch-key')
    const context = independentContext({ secret: secret(1), other: sender.enc, enc: sender.enc, recipient: key.publicKey, info: text('parley/1/epoch-key'), aead: 'aes-256-gcm' })
    for (let sequence = 0; sequence < 3; sequence++) {
      expect(await sender.seal(secret(sequence), aad)).to.deep.equal(context.seal(sequence, secret(sequence), aad))
    }
  })

  it('of this package opens what the same computation sealed', async () => {
    const key = await createSealingKey(secret(1))
    const { publicKey: enc } = await createAgreementKey(secret(2))
    const context = independentContext({ secret: secret(2), other: key.publicKey, enc, recipient: key.publicKey, info: text('parley/1/epoch-key'), aead: 'aes-256-gcm' })
    expect(await key.open('epoch-key', { enc, ct: context.seal(0, secret(7), aad) }, aad)).to.deep.equal(secret(7))
  })
})

describe('key agreement', () => {
  it('is X25519, the same from both sides and in node:crypto', async () => {
    const [a, b] = [await createAgreementKey(secret(1)), await createAgreementKey(secret(2))]
    const shared = await a.agree(b.publicKey)
    expect(await b.agree(a.publicKey)).to.deep.equal(shared)
    const privateKey = createPrivateKey({ key: Buffer.concat([hex('302e020100300506032b656e04220420'), secret(1)]), format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: toString(b.publicKey, 'base64url') }, format: 'jwk' })
    expect(new Uint8Array(diffieHellman({ privateKey, publicKey }))).to.deep.equal(shared)
  })

  it('refuses every point of low order by name', async () => {
    const key: SealingKey = await createSealingKey(secret(1))
    const order = ['00'.repeat(32), `01${'00'.repeat(31)}`, 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157', `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(31)}`]
    for (const point of order) expect(await nameOfError(async () => await key.agree(hex(point))), point).to.equal('UndecryptableError')
  })
})

describe('sealed content', () => {
  // draft-irtf-cfrg-xchacha-03, Appendix A.3.1.
  const draft = {
    key: hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
    nonce: hex('404142434445464748494a4b4c4d4e4f5051525354555657'),
    aad: hex('50515253c0c1c2c3c4c5c6c7'),
    plaintext: text("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."),
    sealed: 'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49'
  }

  it('is the vector of the XChaCha20-Poly1305 draft, its nonce before it', () => {
    const bytes = encryptContent(draft.key, draft.plaintext, draft.aad, () => draft.nonce)
    expect(toString(bytes.subarray(24), 'hex')).to.equal(draft.sealed)
    expect(bytes.subarray(0, 24)).to.deep.equal(draft.nonce)
  })

  it('opens with its key and its associated data only', async () => {
    const random = createSeededRandom(1)
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.integer({ min: 1, max: 255 }), async (plaintext, data, position, change) => {
      const bytes = encryptContent(secret(1), plaintext, data, random)
      expect(decryptContent(secret(1), bytes, data)).to.deep.equal(new Uint8Array(plaintext))
      const altered = bytes.slice()
      const index = position % altered.byteLength
      altered[index] = (altered[index] ?? 0) ^ change
      expect(await nameOfError(() => decryptContent(secret(1), altered, data))).to.equal('UndecryptableError')
      expect(await nameOfError(() => decryptContent(secret(1), bytes.subarray(0, index), data))).to.equal('UndecryptableError')
      expect(await nameOfError(() => decryptContent(secret(2), bytes, data))).to.equal('UndecryptableError')
      expect(await nameOfError(() => decryptContent(secret(1), bytes, Uint8Array.of(...data, 0)))).to.equal('UndecryptableError')
    }))
  })

  it('uses another nonce each time', () => {
    expect(encryptContent(secret(1), aad, aad, systemRandom)).to.not.deep.equal(encryptContent(secret(1), aad, aad, systemRandom))
  })

  it('needs a key of 32 bytes', async () => {
    expect(await nameOfError(() => encryptContent(new Uint8Array(16), aad, aad, systemRandom))).to.equal('InvalidArgumentError')
    expect(await nameOfError(() => decryptContent(new Uint8Array(16), aad, aad))).to.equal('InvalidArgumentError')
  })
})
