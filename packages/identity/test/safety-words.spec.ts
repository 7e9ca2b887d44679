import { decode } from '@ipld/dag-cbor'
import { compareVerification, createDeviceList, createSigner, parseVerificationUrl, publicKeyFromDid, qrTerminal, safetyNumber, verificationUrl } from '@parley/identity'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { expect } from 'chai'
import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { createHash } from 'node:crypto'
import type { buildPairingVectors } from './support/pairing-vectors.ts'
import { T0, deviceKeys, recordOf, secret, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'
import { frozenVectors } from './support/vectors.ts'

const frozen = frozenVectors<Awaited<ReturnType<typeof buildPairingVectors>>>('pairing.json')

async function people (): Promise<[string, string, string]> {
  const [a, b, c] = await Promise.all([1, 2, 3].map(async number => (await createSigner(secret(number))).did))
  return [a ?? '', b ?? '', c ?? '']
}

describe('the safety number of two people', () => {
  it('is the same on both sides: twelve groups of five digits, or twelve words', async () => {
    const [alice, bob] = await people()
    const number = safetyNumber(alice, bob)
    expect(safetyNumber(bob, alice)).to.deep.equal(number)
    expect(number.groups.join(' ')).to.match(/^(\d{5} ){11}\d{5}$/)
    expect(number.words).to.have.length(12)
    for (const word of number.words) expect(wordlist).to.include(word)
  })

  it('is another with anybody else, and shares but one half with it', async () => {
    const [alice, bob, mallory] = await people()
    const [a, b] = [safetyNumber(alice, bob), safetyNumber(alice, mallory)]
    expect(a.groups).to.not.deep.equal(b.groups)
    expect(a.words).to.not.deep.equal(b.words)
    expect(a.groups.filter(group => b.groups.includes(group))).to.have.length(6)
  })

  it('stays when a person has other devices', async () => {
    const { person, list } = await somebody(1, 'Bob')
    const [, alice] = await people()
    const later = await createDeviceList(person, { name: 'Robert', devices: [recordOf(await deviceKeys(30), 'endpoint')], issued: T0 + 1 })
    expect(safetyNumber(list, alice)).to.deep.equal(safetyNumber(alice, later))
  })

  it('agrees with the frozen vector, and with node:crypto', () => {
    const { people: [a = '', b = ''], groups, words } = frozen.safetyNumber
    expect(safetyNumber(a, b)).to.deep.equal({ groups, words })
    const halves = [a, b].map(did => {
      const key = publicKeyFromDid(did)
      let hash = createHash('sha512').update('parley/1/safety-number\0').update(key).digest()
      for (let iteration = 1; iteration < 5200; iteration++) hash = createHash('sha512').update(hash).update(key).digest()
      return hash
    }).sort((x, y) => Buffer.compare(x, y))
    expect(halves.flatMap(half => [0, 5, 10, 15, 20, 25].map(at => (half.readUIntBE(at, 5) % 100_000).toString().padStart(5, '0')))).to.deep.equal(groups)
    const bits = halves.map(half => [...half.subarray(30)].map(byte => byte.toString(2).padStart(8, '0')).join(''))
    expect(bits.flatMap(half => [0, 11, 22, 33, 44, 55].map(at => wordlist[Number.parseInt(half.slice(at, at + 11), 2)]))).to.deep.equal(words)
  })
})

describe('a verification code', () => {
  it('verifies whoever shows it, when both hold the other for whom they are', async () => {
    const [alice, bob] = await people()
    const scanned = parseVerificationUrl(verificationUrl({ person: bob, contact: alice }).toUpperCase())
    expect(compareVerification({ person: alice, contact: bob }, scanned)).to.equal(bob)
    expect(qrTerminal(verificationUrl(scanned))).to.include('█')
  })

  it('is refused by name when somebody else shows it, or they hold another key for us', async () => {
    const [alice, bob, mallory] = await people()
    expect(await nameOfError(() => compareVerification({ person: alice, contact: bob }, { person: mallory, contact: alice }))).to.equal('WrongPersonError')
    expect(await nameOfError(() => compareVerification({ person: alice, contact: bob }, { person: bob, contact: mallory }))).to.equal('OtherKeyError')
    // Our own code, scanned from our own screen.
    expect(await nameOfError(() => compareVerification({ person: alice, contact: bob }, { person: alice, contact: bob }))).to.equal('WrongPersonError')
  })

  it('agrees with the frozen vector, which any DAG-CBOR reader reads', () => {
    const { person, contact, url } = frozen.verification
    expect(parseVerificationUrl(url)).to.deep.equal({ person, contact })
    expect(decode(base32.baseDecode(url.slice('parley:verify/1/'.length)))).to.deep.equal({ v: 1, person: publicKeyFromDid(person), contact: publicKeyFromDid(contact) })
  })

  it('never verifies when its bytes are altered, 10,000 times', async () => {
    const [alice, bob] = await people()
    const url = verificationUrl({ person: bob, contact: alice })
    const bytes = base32.baseDecode(url.slice('parley:verify/1/'.length))
    await fc.assert(fc.asyncProperty(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), fc.constantFrom('alter', 'cut', 'drop', 'insert'), async (at, by, kind) => {
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
      const altered = { alter: [head, [(tail[0] ?? 0) ^ by], tail.subarray(1)], cut: [head], drop: [head, tail.subarray(1)], insert: [head, [by], tail] }[kind] ?? []
      const text = `parley:verify/1/${base32.baseEncode(Uint8Array.from(altered.flatMap(part => [...part])))}`
      expect(await nameOfError(() => compareVerification({ person: alice, contact: bob }, parseVerificationUrl(text)))).to.be.oneOf(['InvalidUrlError', 'InvalidBytesError', 'WrongPersonError', 'OtherKeyError'])
    }), { numRuns: 10_000, seed: 9 })
  })
})
