import { decodeCanonical, encodeCanonical } from '@parley/core'
import { createSigner, signBlock, signBody, splitSigned, verifySigned, type Signer } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { secret } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

describe('a signed block', () => {
  let signer: Signer
  before(async () => { signer = await createSigner(secret(1)) })

  it('is DAG-CBOR of a body and its signature', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(fc.nat(), fc.uint8Array({ maxLength: 300 }), fc.string())), async body => {
      const block = await signBlock(signer, 'action', body)
      const [decoded, signature] = decodeCanonical('block', block, 100_000) as [unknown, Uint8Array]
      expect(encodeCanonical(decoded)).to.deep.equal(encodeCanonical(body))
      const parts = splitSigned('block', block)
      expect(parts.body).to.deep.equal(encodeCanonical(body))
      expect(parts.signature).to.deep.equal(signature)
      expect(await verifySigned('block', 'action', signer.publicKey, block)).to.deep.equal(parts.body)
    }), { numRuns: 50 })
  })

  it('is refused when somebody else signed it, or for something else', async () => {
    const block = await signBlock(signer, 'action', { v: 1 })
    const other = await createSigner(secret(2))
    expect(await nameOfError(async () => await verifySigned('block', 'action', other.publicKey, block))).to.equal('InvalidSignatureError')
    expect(await nameOfError(async () => await verifySigned('block', 'segment', signer.publicKey, block))).to.equal('InvalidSignatureError')
  })

  it('is refused when its frame is another one', async () => {
    const block = await signBlock(signer, 'action', { v: 1 })
    const frames = [block.subarray(0, 66), block.subarray(1), Uint8Array.from([0x83, ...block.subarray(1)]), await signBody(signer, 'action', encodeCanonical([1])), await signBody(signer, 'action', new Uint8Array(0)), new Uint8Array(0)]
    for (const bytes of frames) expect(await nameOfError(() => splitSigned('block', bytes))).to.equal('InvalidBytesError')
  })
})
