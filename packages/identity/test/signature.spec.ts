import { createSigner, verifyEd25519, verifySignature } from '@parley/identity'
import { expect } from 'chai'
import { fromString } from 'uint8arrays'
import * as inBrowsers from '../src/ed25519.browser.ts'
import * as inNode from '../src/ed25519.node.ts'
import { secret } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'
import { frozenVectors, sharedVectors } from './support/vectors.ts'

interface Wycheproof { testGroups: Array<{ publicKey: { pk: string }, tests: Array<{ tcId: number, msg: string, sig: string, result: 'valid' | 'invalid' }> }> }
interface Edge { cases: Array<{ name: string, publicKey: string, message: string, signature: string, valid: boolean }> }

const hex = (text: string): Uint8Array => fromString(text, 'hex')

// Wycheproof follows RFC 8032, which refuses to decode y = 1 with the sign bit
// of x set, "minus zero". ZIP 215 decodes it to the point (0, 1), and the
// signature of case 151 was computed so that it then verifies. It is the only
// vector of the file on which the two rules differ.
const ACCEPTED_BY_ZIP_215 = new Set([151])

describe('the signature rule', () => {
  it('gives the verdict of Wycheproof for all its Ed25519 vectors but the one that ZIP 215 accepts', async function () {
    const { testGroups } = sharedVectors<Wycheproof>(this, 'wycheproof-ed25519.json')
    const wrong: number[] = []
    let count = 0
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        count++
        const expected = result === 'valid' || ACCEPTED_BY_ZIP_215.has(tcId)
        if (await verifyEd25519(hex(publicKey.pk), hex(msg), hex(sig)) !== expected) wrong.push(tcId)
      }
    }
    expect(count).to.equal(151)
    expect(wrong).to.deep.equal([])
  })

  it('gives the frozen verdict for every crafted edge signature', async function () {
    this.timeout(20_000)
    const { cases } = frozenVectors<Edge>('ed25519-edge.json')
    expect(cases).to.have.length(236)
    const wrong: string[] = []
    for (const { name, publicKey, message, signature, valid } of cases) {
      if (await verifyEd25519(hex(publicKey), hex(message), hex(signature)) !== valid) wrong.push(name)
    }
    expect(wrong).to.deep.equal([])
  })

  for (const [where, { verifyNatively }] of [['node:crypto', inNode], ['WebCrypto', inBrowsers]] as const) {
    it(`accepts whatever ${where} accepts, so that asking it first changes no verdict`, async () => {
      const { cases } = frozenVectors<Edge>('ed25519-edge.json')
      const wrong: string[] = []
      for (const { name, publicKey, message, signature, valid } of cases) {
        if (await verifyNatively(hex(publicKey), hex(message), hex(signature)) && !valid) wrong.push(name)
      }
      expect(wrong).to.deep.equal([])
    })
  }

  it('refuses keys and signatures of another length', async () => {
    const signer = await createSigner(secret(1))
    const signature = await signer.sign('action', Uint8Array.of(1))
    expect(await verifySignature(signer.publicKey, 'action', Uint8Array.of(1), signature)).to.equal(true)
    expect(await verifySignature(signer.publicKey, 'action', Uint8Array.of(1), signature.subarray(1))).to.equal(false)
    expect(await verifySignature(signer.publicKey.subarray(1), 'action', Uint8Array.of(1), signature)).to.equal(false)
    expect(await verifySignature(new Uint8Array(0), 'action', Uint8Array.of(1), new Uint8Array(0))).to.equal(false)
  })
})

describe('a signature', () => {
  it('is the same in Node and in browsers', async () => {
    const message = Uint8Array.of(1, 2, 3)
    const [node, browser] = [await inNode.importSeed(secret(5)), await inBrowsers.importSeed(secret(5))]
    expect(node.publicKey).to.deep.equal(browser.publicKey)
    expect(await node.sign(message)).to.deep.equal(await browser.sign(message))
  })

  it('for one purpose is worth nothing for another', async () => {
    const signer = await createSigner(secret(1))
    const signature = await signer.sign('action', Uint8Array.of(1))
    expect(await verifySignature(signer.publicKey, 'segment', Uint8Array.of(1), signature)).to.equal(false)
  })

  it('cannot be asked for a purpose that could be read as another', async () => {
    const signer = await createSigner(secret(1))
    for (const context of ['', 'a\0b', 'Action', 'a b', 'a'.repeat(33)]) {
      expect(await nameOfError(async () => await signer.sign(context, new Uint8Array(1)))).to.equal('InvalidArgumentError')
    }
  })

  it('needs a seed of 32 bytes', async () => {
    expect(await nameOfError(async () => await createSigner(new Uint8Array(31)))).to.equal('InvalidArgumentError')
  })

  it('still verifies when thousands of other keys were used in between', async () => {
    const signer = await createSigner(secret(1))
    const signature = await signer.sign('action', Uint8Array.of(1))
    for (let index = 0; index < 5000; index++) {
      const key = secret(index & 0xff)
      key.set([index & 0xff, index >> 8])
      await inNode.verifyNatively(key, Uint8Array.of(1), new Uint8Array(64))
    }
    expect(await verifySignature(signer.publicKey, 'action', Uint8Array.of(1), signature)).to.equal(true)
  })
})
