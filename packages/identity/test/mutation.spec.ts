import { silentLogger } from '@parley/core'
import { createClaim, createPeople, createSigner, decodeClaim, decodeContactCard, decodeDeviceList, mergeDeviceLists, signSuccession } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createTestStore } from './support/memory-store.ts'
import { extend } from './support/device-changes.ts'
import { HOUR, T0, deviceKeys, recordOf, secret, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

const REFUSALS = ['InvalidBytesError', 'InvalidSignatureError', 'OversizedBytesError']

type Mutation = { kind: 'alter', at: number, by: number } | { kind: 'cut' | 'drop' | 'double', at: number } | { kind: 'insert', at: number, byte: number }

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('alter' as const), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'drop' as const, 'double' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), byte: fc.nat(255) }) }
)

function mutate (bytes: Uint8Array, mutation: Mutation): Uint8Array {
  const at = mutation.at % bytes.byteLength
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (mutation.kind) {
    case 'alter': return Uint8Array.from([...head, (tail[0] ?? 0) ^ mutation.by, ...tail.subarray(1)])
    case 'cut': return head.slice()
    case 'drop': return Uint8Array.from([...head, ...tail.subarray(1)])
    case 'double': return Uint8Array.from([...bytes, ...tail])
    case 'insert': return Uint8Array.from([...head, mutation.byte, ...tail])
  }
}

async function refusesMutations (bytes: Uint8Array, decode: (bytes: Uint8Array) => Promise<unknown>, numRuns: number): Promise<void> {
  await fc.assert(fc.asyncProperty(mutation, async change => {
    expect(await nameOfError(async () => await decode(mutate(bytes, change)))).to.be.oneOf(REFUSALS)
  }), { numRuns })
}

// Half of them come as far as the signature, whose refusal is the expensive verdict.
describe('mutated bytes, 20,000 of them', function () {
  this.timeout(120_000)

  it('are refused by name as a device list of every kind of change', async () => {
    const { person, phone, proxy, list } = await somebody(1, 'Bob')
    const next = await createSigner(secret(60))
    const admin = await extend(person, list, { add: [recordOf(await deviceKeys(7), 'admin', { expires: T0 + HOUR })], revoke: [phone.did], erase: [phone.did] }, 1)
    const one = await extend(await deviceKeys(7), admin, { name: 'Robert' }, 2)
    const two = await extend(person, admin, { recovery: proxy.sealing.publicKey, successor: await signSuccession(next, { from: person.did, at: T0 + 2 }) }, 2)
    const both = mergeDeviceLists(one, two)
    expect(both.size).to.equal(7)
    await refusesMutations(both.bytes, decodeDeviceList, 10_000)
  })

  it('are refused by name as a device list of one change', async () => {
    await refusesMutations((await somebody(1, 'Bob')).list.bytes, decodeDeviceList, 5000)
  })

  it('are refused by name as a contact card', async () => {
    await refusesMutations((await somebody(1, 'Bob')).card.bytes, decodeContactCard, 4000)
  })

  it('are refused by name as a claim code', async () => {
    const claim = await createClaim(await deviceKeys(1), { name: 'Proxy', platform: 'linux', addresses: ['/memory/1'], token: new Uint8Array(16), issued: T0, expires: T0 + HOUR })
    await refusesMutations(claim.bytes, decodeClaim, 500)
  })

  it('change nothing that is known of a person', async () => {
    const store = createTestStore()
    const people = createPeople({ store, logger: silentLogger })
    const { card } = await somebody(1, 'Bob')
    await people.learnCard(card.bytes)
    const before = new Map(store.values)
    await refusesMutations(card.bytes, async bytes => await people.learnCard(bytes), 500)
    expect(store.values).to.deep.equal(before)
  })
})

describe('random bytes', () => {
  it('are refused by name as anything', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
      for (const decode of [decodeDeviceList, decodeContactCard, decodeClaim]) expect(await nameOfError(async () => await decode(bytes))).to.equal('InvalidBytesError')
    }), { numRuns: 500 })
  })
})
