import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { decryptContent, encryptContent } from '../src/index.ts'

/** Around every size at which the cipher changes how it works. */
const sizes = fc.oneof(fc.nat({ max: 80 }), fc.integer({ min: 1000, max: 1100 }), fc.integer({ min: 65_000, max: 66_000 }))
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const aad = fc.uint8Array({ maxLength: 90 })

describe('sealed content of any size', () => {
  it('is what XChaCha20-Poly1305 of another implementation makes, and opens again', () => {
    fc.assert(fc.property(key, sizes, aad, fc.nat(), (key, size, aad, seed) => {
      const random = createSeededRandom(seed)
      const plaintext = random(size)
      const sealed = encryptContent(key, plaintext, aad, random)
      const nonce = sealed.subarray(0, 24)
      expect(Buffer.compare(sealed.subarray(24), xchacha20poly1305(key, nonce, aad).encrypt(plaintext))).to.equal(0)
      expect(Buffer.compare(decryptContent(key, sealed, aad), plaintext)).to.equal(0)
    }), { numRuns: 60 })
  })

  it('opens with nothing altered, and no other key or data', () => {
    fc.assert(fc.property(key, sizes, aad, fc.nat(), (key, size, aad, seed) => {
      const random = createSeededRandom(seed)
      const sealed = encryptContent(key, random(size), aad, random)
      const altered = sealed.slice()
      altered[seed % sealed.length] = (altered[seed % sealed.length] ?? 0) ^ 1
      const otherKey = key.map(byte => byte ^ 0xff)
      for (const [withKey, bytes, withAad] of [[key, altered, aad], [otherKey, sealed, aad], [key, sealed, Uint8Array.of(...aad, 0)], [key, sealed.subarray(0, sealed.length - 1), aad]] as const) {
        expect(() => decryptContent(withKey, bytes, withAad)).to.throw().with.property('name', 'UndecryptableError')
      }
    }), { numRuns: 60 })
  })

  it('seals from views of larger buffers', () => {
    const random = createSeededRandom(3)
    const around = random(5000)
    const sealed = encryptContent(around.subarray(3, 35), around.subarray(101, 2201), around.subarray(7, 20), random)
    expect(decryptContent(around.slice(3, 35), Buffer.concat([Buffer.alloc(3), sealed]).subarray(3), around.slice(7, 20))).to.deep.equal(around.slice(101, 2201))
  })
})
