import * as dagCbor from '@ipld/dag-cbor'
import { encodeCanonical } from '@parley/core'
import { createPreKeyBatch, decodePreKeyBatch, publicKeyFromDid, signBlock, verifyPreKey, verifySignature, type PreKey, type PreKeyBatch } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { fromString, toString } from 'uint8arrays'
import { T0, deviceKeys, secret, somebody, type Somebody } from '../support/persons.ts'
import { buildPreKeyBatch, buildPreKeyVectors } from '../support/pre-key-vectors.ts'
import { nameOfError } from '../support/rejection.ts'
import { frozenVectors } from '../support/vectors.ts'

describe('a batch of pre-keys', () => {
  let bob: Somebody
  let batch: PreKeyBatch
  before(async () => {
    bob = await somebody(1, 'Bob')
    batch = await buildPreKeyBatch()
  })

  it('says what its device signed, in the order of the ids', async () => {
    expect(await decodePreKeyBatch(batch.bytes)).to.deep.equal(batch)
    expect(batch.keys.map(({ id }) => id[0])).to.deep.equal([11, 12])
  })

  it('holds keys that each verify by themselves, as what they are', async () => {
    const { person, device, keys, lastResort } = batch
    const [first] = keys
    if (first === undefined) return expect.fail('no key')
    const check = async (isLastResort: boolean, key: PreKey, more: { device?: string, person?: string } = {}): Promise<string> =>
      await nameOfError(async () => { await verifyPreKey({ person, device, isLastResort, ...more }, key) })
    expect(await check(false, first)).to.equal('no error')
    expect(await check(true, lastResort)).to.equal('no error')
    expect(await check(true, first)).to.equal('InvalidSignatureError')
    expect(await check(false, lastResort)).to.equal('InvalidSignatureError')
    expect(await check(false, { ...first, expires: first.expires + 1 })).to.equal('InvalidSignatureError')
    expect(await check(false, { ...first, id: new Uint8Array(8) })).to.equal('InvalidSignatureError')
    expect(await check(false, first, { device: bob.phone.did })).to.equal('InvalidSignatureError')
    expect(await check(false, first, { person: bob.person.did })).to.equal('InvalidSignatureError')
    expect(await check(false, { ...first, key: new Uint8Array(32) })).to.equal('InvalidBytesError')
  })

  it('is refused with keys out of order, twice, too many, or one that is the last resort as well', async () => {
    const { device: own } = { device: await deviceKeys(7) }
    const [body] = dagCbor.decode<[Record<string, unknown>]>(batch.bytes)
    const forge = async (change: Record<string, unknown>): Promise<string> => await nameOfError(async () => await decodePreKeyBatch(await signBlock(own.signer, 'pre-keys', { ...body, device: publicKeyFromDid(own.did), ...change })))
    const keys = body['keys'] as PreKey[]
    expect(await forge({})).to.equal('no error')
    expect(await forge({ keys: [...keys].reverse() })).to.equal('InvalidBytesError')
    expect(await forge({ keys: [keys[0], keys[0]] })).to.equal('InvalidBytesError')
    expect(await forge({ keys: [{ ...keys[0], id: (body['lastResort'] as PreKey).id }] })).to.equal('InvalidBytesError')
    expect(await forge({ more: 1 })).to.equal('InvalidBytesError')
    expect(await forge({ device: publicKeyFromDid(bob.phone.did) })).to.equal('InvalidSignatureError')
    const key = (index: number) => ({ id: secret(index).slice(0, 8), key: secret(index + 1), expires: T0 })
    const init = { person: bob.person.did, series: new Uint8Array(8), number: 0, issued: T0, lastResort: key(255) }
    expect(await nameOfError(async () => await createPreKeyBatch(own.signer, { ...init, keys: Array.from({ length: 101 }, (_none, index) => key(index)) }))).to.equal('InvalidBytesError')
    expect((await createPreKeyBatch(own.signer, { ...init, keys: Array.from({ length: 100 }, (_none, index) => key(index)) })).bytes.byteLength).to.be.below(16_384)
    expect(await nameOfError(async () => await decodePreKeyBatch(new Uint8Array(16_385)))).to.equal('OversizedBytesError')
  })
})

describe('the frozen pre-keys', () => {
  const frozen = frozenVectors<{ block: string, keys: Array<{ id: string, key: string, expires: number, sig: string }>, lastResort: { sig: string } }>('pre-keys.json')

  it('are what is signed today', async () => {
    expect(await buildPreKeyVectors()).to.deep.equal(frozen)
  })

  it('are read alike by a generic DAG-CBOR reader, with the statements of the specification', async () => {
    const bytes = fromString(frozen.block, 'hex')
    const [body, signature] = dagCbor.decode<[{ device: Uint8Array, person: Uint8Array, keys: PreKey[], lastResort: PreKey }, Uint8Array]>(bytes)
    expect(toString(encodeCanonical([body, signature]), 'hex')).to.equal(frozen.block)
    expect(body.keys.map(({ sig }) => toString(sig, 'hex'))).to.deep.equal(frozen.keys.map(({ sig }) => sig))
    for (const [one, lastResort] of [...body.keys.map(key => [key, false] as const), [body.lastResort, true] as const]) {
      const statement = dagCbor.encode({ v: 1, id: one.id, key: one.key, person: body.person, device: body.device, expires: one.expires, lastResort })
      expect(await verifySignature(body.device, 'pre-key', statement, one.sig)).to.equal(true)
    }
  })
})

describe('10,000 mutations of a batch of pre-keys', function () {
  this.timeout(120_000)

  it('are refused by name', async () => {
    const bytes = fromString(frozenVectors<{ block: string }>('pre-keys.json').block, 'hex')
    const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }), kind: fc.constantFrom('alter', 'cut', 'drop', 'double') })
    await fc.assert(fc.asyncProperty(change, async ({ at, by, kind }) => {
      const altered = kind === 'cut' ? bytes.slice(0, at) : kind === 'drop' ? Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]) : kind === 'double' ? Uint8Array.from([...bytes, ...bytes.slice(at)]) : bytes.map((byte, index) => index === at ? byte ^ by : byte)
      expect(await nameOfError(async () => await decodePreKeyBatch(altered))).to.be.oneOf(['InvalidBytesError', 'InvalidSignatureError'])
    }), { numRuns: 10_000, seed: 14 })
  })
})
