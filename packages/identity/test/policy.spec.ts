import * as dagCbor from '@ipld/dag-cbor'
import { encodeCanonical } from '@parley/core'
import { DEFAULT_STRANGER_LIMITS, checkPolicyAuthor, comparePolicies, createPolicy, createSigner, decodePolicy, extendDeviceList, publicKeyFromDid, signBlock, type Policy } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { fromString, toString } from 'uint8arrays'
import { buildPolicyVectors } from './support/policy-vectors.ts'
import { HOUR, T0, somebody, type Somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'
import { frozenVectors } from './support/vectors.ts'

describe('a policy', () => {
  let bob: Somebody
  let people: string[]

  before(async () => {
    bob = await somebody(1, 'Bob')
    people = await Promise.all([21, 22, 23].map(async byte => (await createSigner(new Uint8Array(32).fill(byte))).did))
  })

  const sign = async (wallMs: number, more: Partial<Policy> = {}): Promise<Policy> => await createPolicy(bob.phone.signer, { person: bob.person.did, version: { wallMs, counter: 0 }, ...more })

  it('says what its device signed, whatever the order it was told in', async () => {
    const policy = await sign(T0, { blocked: [...people, ...people].reverse(), strangers: 'ring' })
    const again = await decodePolicy(policy.bytes)
    expect(again).to.deep.equal(policy)
    expect(again.blocked).to.have.members(people).and.have.length(3)
    expect(again).to.include({ person: bob.person.did, author: bob.phone.did, strangers: 'ring' })
    expect(again.limits).to.deep.equal(DEFAULT_STRANGER_LIMITS)
  })

  it('cannot block its own person', async () => {
    expect(await nameOfError(async () => await sign(T0, { blocked: [bob.person.did] }))).to.equal('InvalidArgumentError')
    const { body } = decodeBody(await sign(T0, { blocked: people }))
    body['blocked'] = [publicKeyFromDid(bob.person.did)]
    expect(await nameOfError(async () => await decodePolicy(await signBlock(bob.phone.signer, 'policy', body)))).to.equal('InvalidBytesError')
  })

  it('is refused with people out of order, twice, or a field too many', async () => {
    const forge = async (change: (body: Record<string, unknown>) => void): Promise<string> => {
      const { body } = decodeBody(await sign(T0, { contacts: people }))
      change(body)
      return await nameOfError(async () => await decodePolicy(await signBlock(bob.phone.signer, 'policy', body)))
    }
    expect(await forge(body => { (body['contacts'] as Uint8Array[]).reverse() })).to.equal('InvalidBytesError')
    expect(await forge(body => { body['contacts'] = [new Uint8Array(32), new Uint8Array(32)] })).to.equal('InvalidBytesError')
    expect(await forge(body => { body['more'] = 1 })).to.equal('InvalidBytesError')
    expect(await forge(body => { body['limits'] = { ...DEFAULT_STRANGER_LIMITS, requestsTotal: 10_001 } })).to.equal('InvalidBytesError')
  })

  it('holds ten thousand people in each list, and no more', async () => {
    const many = Array.from({ length: 10_000 }, (_value, index) => new Uint8Array(32).fill(7).map((byte, at) => at < 2 ? (index >> (8 - 8 * at)) & 0xff : byte))
    const { body } = decodeBody(await sign(T0))
    const full = await signBlock(bob.phone.signer, 'policy', { ...body, blocked: many, contacts: many, declined: many })
    expect((await decodePolicy(full)).contacts).to.have.length(10_000)
    const over = await signBlock(bob.phone.signer, 'policy', { ...body, blocked: [...many, new Uint8Array(32).fill(255)] })
    expect(await nameOfError(async () => await decodePolicy(over))).to.equal('InvalidBytesError')
    expect(await nameOfError(async () => await decodePolicy(new Uint8Array(1_100_000)))).to.equal('OversizedBytesError')
  }).timeout(20_000)

  it('counts only from an endpoint device that is live', async () => {
    const policy = await sign(T0)
    const check = async (one: Policy, list = bob.list, at = T0 + HOUR): Promise<string> => await nameOfError(async () => { checkPolicyAuthor(one, list, at) })
    expect(await check(policy)).to.equal('no error')
    expect(await check(await createPolicy(bob.proxy.signer, { person: bob.person.did, version: { wallMs: T0, counter: 0 } }))).to.equal('InvalidSignatureError')
    expect(await check(policy, (await somebody(2, 'Eve')).list)).to.equal('InvalidSignatureError')
    const revoked = await extendDeviceList(bob.person, bob.list, { revoke: [bob.phone.did] }, { at: T0 + HOUR })
    expect(await check(policy, revoked, T0 + HOUR + 1)).to.equal('InvalidSignatureError')
  })

  it('is newer by its version, then by its CID, in one order for all', async () => {
    const all = await Promise.all([[1, 0], [1, 1], [2, 0], [1, 1]].map(async ([wallMs = 0, counter = 0], index) =>
      await createPolicy(bob.phone.signer, { person: bob.person.did, version: { wallMs, counter }, blocked: people.slice(0, index) })))
    const order = (list: Policy[]): string[] => [...list].sort(comparePolicies).map(({ cid }) => cid.toString())
    expect(order(all).at(0)).to.equal(all[0]?.cid.toString())
    expect(order(all).at(-1)).to.equal(all[2]?.cid.toString())
    fc.assert(fc.property(fc.shuffledSubarray(all, { minLength: 4 }), shuffled => { expect(order(shuffled)).to.deep.equal(order(all)) }))
    expect(comparePolicies(all[1] as Policy, all[1] as Policy)).to.equal(0)
  })
})

describe('the frozen policies', () => {
  const frozen = frozenVectors<Array<{ block: string, cid: string }>>('policy.json')

  it('are what is signed today', async () => {
    expect(await buildPolicyVectors()).to.deep.equal(frozen)
  })

  it('are read alike by a generic DAG-CBOR reader', async () => {
    for (const { block, cid } of frozen) {
      const bytes = fromString(block, 'hex')
      const policy = await decodePolicy(bytes)
      const { body, signature } = decodeBody(policy)
      expect(signature).to.have.length(64)
      expect(policy.cid.toString()).to.equal(cid)
      expect(body).to.include({ v: 1, strangers: policy.strangers })
      expect(body['version']).to.deep.equal(policy.version)
      expect(body['limits']).to.deep.equal(policy.limits)
      for (const list of ['blocked', 'contacts', 'declined'] as const) expect((body[list] as Uint8Array[]).map(key => toString(key, 'hex'))).to.deep.equal(policy[list].map(did => toString(publicKeyFromDid(did), 'hex')))
      expect(toString(encodeCanonical([body, signature]), 'hex')).to.equal(block)
    }
  })
})

describe('10,000 mutations of a policy', function () {
  this.timeout(120_000)

  it('are refused by name', async () => {
    const bytes = fromString(frozenVectors<Array<{ block: string }>>('policy.json')[1]?.block ?? '', 'hex')
    const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }), kind: fc.constantFrom('alter', 'cut', 'drop', 'double') })
    await fc.assert(fc.asyncProperty(change, async ({ at, by, kind }) => {
      const altered = kind === 'cut' ? bytes.slice(0, at) : kind === 'drop' ? Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]) : kind === 'double' ? Uint8Array.from([...bytes, ...bytes.slice(at)]) : bytes.map((byte, index) => index === at ? byte ^ by : byte)
      expect(await nameOfError(async () => await decodePolicy(altered))).to.be.oneOf(['InvalidBytesError', 'InvalidSignatureError'])
    }), { numRuns: 10_000, seed: 13 })
  })
})

function decodeBody ({ bytes }: Pick<Policy, 'bytes'>): { body: Record<string, unknown>, signature: Uint8Array } {
  const [body, signature] = dagCbor.decode<[Record<string, unknown>, Uint8Array]>(bytes)
  return { body, signature }
}
