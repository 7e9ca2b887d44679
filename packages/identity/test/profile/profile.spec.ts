import * as dagCbor from '@ipld/dag-cbor'
import { createSeededRandom } from '@parley/core'
import {
  answerFor, checkProfileAuthor, compareProfiles, createProfileBlock, decodeProfileBlock, decodeProfileBundle, didFromPublicKey, isSealedTo, openSealedTiers,
  type ProfileFields
} from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { concat, fromString, toString } from 'uint8arrays'
import { T0, deviceKeys, somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'
import { FIELDS, PHOTO, buildProfileVectors } from './profile-vectors.ts'
import { VERSION, bundleOf, entitled, profiled } from './support.ts'

const REFUSALS = ['InvalidBytesError', 'InvalidSignatureError', 'OversizedBytesError']

describe('a tier of a profile', () => {
  const created = async (fields: ProfileFields): Promise<string> => {
    const { person, phone } = await profiled()
    return await nameOfError(async () => await createProfileBlock(phone.signer, { person: person.did, tier: 'public', version: VERSION, issued: T0, fields }))
  }

  it('has every field back, signed by a device of the person', async () => {
    const { blocks: { contacts } } = await profiled(1, { contacts: FIELDS })
    const decoded = await decodeProfileBlock(contacts.bytes)
    expect(decoded.fields).to.deep.equal(FIELDS)
    expect(decoded).to.deep.include({ tier: 'contacts', lifetimeMs: 86_400_000, version: VERSION, issued: T0 })
  })

  it('takes no field that cannot be', async () => {
    const refused: ProfileFields[] = [
      { commonName: '' }, { commonName: 'a\u202eb' }, { fullName: 'x'.repeat(257) }, { emails: ['a b@c'] }, { emails: [] }, { phone: 'call me' }, { description: 'x'.repeat(281) }, { description: 'a\nb' },
      { descriptionMarkdown: 'ä'.repeat(8193) }, { descriptionMarkdown: 'a\u0007' }, { links: [{ url: 'javascript:alert(1)', name: 'x', how: 'dns', checked: 1 }] }, { names: ['did:key:z6Mk'] },
      { photo: { ...PHOTO, width: 1025 } }, { photo: { ...PHOTO, sizeBytes: 256 * 1024 + 1 } }, { status: { state: 'out-of-office', message: 'x'.repeat(281) } }
    ]
    for (const fields of refused) expect(await created(fields), JSON.stringify(fields).slice(0, 60)).to.equal('InvalidBytesError')
    expect(await created({ timeZone: 'Mars/Olympus' })).to.equal('InvalidArgumentError')
    expect(await created({ descriptionMarkdown: '# Hello\n\n\tworld', timeZone: 'Europe/Berlin', description: 'x'.repeat(280) })).to.equal('no error')
  })

  it('counts only while its device is an endpoint of the person', async () => {
    const bob = await somebody(1, 'Bob')
    const { blocks } = await profiled(1)
    const author = { person: bob.person.did, author: blocks.public.author }
    expect(await nameOfError(() => { checkProfileAuthor(author, bob.list, T0) })).to.equal('no error')
    expect(await nameOfError(() => { checkProfileAuthor({ ...author, author: bob.proxy.did }, bob.list, T0) })).to.equal('InvalidSignatureError')
    expect(await nameOfError(() => { checkProfileAuthor(author, undefined, T0) })).to.equal('InvalidSignatureError')
    expect(await nameOfError(() => { checkProfileAuthor({ ...author, person: bob.phone.did }, bob.list, T0) })).to.equal('InvalidSignatureError')
  })

  it('is newer by version, then by CID', async () => {
    const [a, b] = [(await profiled(1)).blocks.public, (await profiled(1, { public: { commonName: 'B' } })).blocks.public]
    expect(Math.sign(compareProfiles(a, b))).to.equal(-Math.sign(compareProfiles(b, a)))
    expect(compareProfiles(a, a)).to.equal(0)
    expect(compareProfiles(a, { ...b, version: { wallMs: T0 - 1, counter: 9 } })).to.be.greaterThan(0)
    expect(compareProfiles(a, { ...b, version: { wallMs: T0, counter: 1 } })).to.be.lessThan(0)
  })
})

describe('a bundle', () => {
  it('gives each device its part and not a byte more', async () => {
    const bob = await profiled(1, { public: { commonName: 'Bob' }, correspondents: { phone: '+49 123 456' }, contacts: { fullName: 'Robert' } })
    const [contact, correspondent, stranger] = [await deviceKeys(30), await deviceKeys(40), await deviceKeys(50)]
    const bundle = await bundleOf(bob, [entitled(contact, 'contacts'), entitled(correspondent, 'correspondents')])
    const read = async (keys: typeof contact): Promise<unknown> => {
      const answer = answerFor(bundle, keys.did)
      const { blocks } = await openSealedTiers(keys, bob.person.did, answer)
      return [answer.sealed.map(({ tier }) => tier), blocks.correspondents?.fields, blocks.contacts?.fields]
    }
    expect(await read(contact)).to.deep.equal([['correspondents', 'contacts'], { phone: '+49 123 456' }, { fullName: 'Robert' }])
    expect(await read(correspondent)).to.deep.equal([['correspondents'], { phone: '+49 123 456' }, undefined])
    expect(await read(stranger)).to.deep.equal([[], undefined, undefined])
    expect(answerFor(bundle, stranger.did)).to.deep.equal({ public: bob.blocks.public.bytes, copy: null, sealed: [] })
    expect(answerFor(bundle, contact.did, [{ tier: 'contacts', version: VERSION }]).sealed.map(({ content }) => content === null)).to.deep.equal([false, true])
    // Keys that a correspondent opened are no use for what is not theirs, even if a server hands it over.
    const all = { copy: bundle.copies.get(correspondent.did) ?? null, sealed: bundle.sealed }
    expect(Object.keys((await openSealedTiers(correspondent, bob.person.did, all)).blocks)).to.deep.equal(['correspondents'])
    const claimed = all.copy === null ? null : { ...all.copy, tier: 'contacts' as const }
    expect(await nameOfError(async () => await openSealedTiers(correspondent, bob.person.did, { ...all, copy: claimed }))).to.equal('UndecryptableError')
    expect(await nameOfError(async () => await openSealedTiers(stranger, bob.person.did, { ...all }))).to.equal('UndecryptableError')
  })

  it('has a new key for a tier as soon as somebody is not entitled any more, and not before', async () => {
    const bob = await profiled()
    const [a, b, c] = [await deviceKeys(30), await deviceKeys(40), await deviceKeys(50)]
    const first = await bundleOf(bob, [entitled(a, 'contacts'), entitled(b, 'contacts')], undefined, 1)
    const opened = await openSealedTiers(a, bob.person.did, answerFor(first, a.did))
    const keysAfter = async (devices: Parameters<typeof bundleOf>[1]): Promise<boolean[]> => {
      const next = await bundleOf(bob, devices, { copies: first.copies, keys: opened.keys }, 2)
      const { keys } = await openSealedTiers(a, bob.person.did, answerFor(next, a.did))
      return (['correspondents', 'contacts'] as const).map(tier => keyName(keys[tier]) === keyName(opened.keys[tier]))
    }
    expect(await keysAfter([entitled(a, 'contacts'), entitled(b, 'contacts'), entitled(c, 'contacts')])).to.deep.equal([true, true])
    expect(await keysAfter([entitled(a, 'contacts'), entitled(b, 'correspondents')])).to.deep.equal([true, false])
    expect(await keysAfter([entitled(a, 'contacts'), entitled(c, 'contacts')])).to.deep.equal([false, false])
    expect([isSealedTo(first, [entitled(b, 'contacts'), entitled(a, 'contacts')]), isSealedTo(first, [entitled(a, 'contacts')]), isSealedTo(first, [entitled(a, 'contacts'), entitled(b, 'correspondents')])]).to.deep.equal([true, false, false])
  })

  it('holds 2,000 devices and not one more', async function () {
    this.timeout(60_000)
    const bob = await profiled(1, { contacts: { descriptionMarkdown: 'x'.repeat(16_384) } })
    const one = await deviceKeys(30)
    const devices = Array.from({ length: 2001 }, (_value, index) => ({ ...entitled(one, 'contacts'), device: didNumber(index) }))
    expect((await bundleOf(bob, devices.slice(0, 2000))).copies.size).to.equal(2000)
    expect(await nameOfError(async () => await bundleOf(bob, devices))).to.equal('InvalidArgumentError')
  })
})

describe('the frozen profile', () => {
  const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/profile.json', import.meta.url), 'utf8')) as Awaited<ReturnType<typeof buildProfileVectors>>
  const hex = (text: string): Uint8Array => fromString(text, 'hex')

  it('is what this code still writes, but for the sealed copies, whose keys are random', async () => {
    const { bundle: _built, ...built } = await buildProfileVectors()
    const { bundle: _kept, ...kept } = frozen
    expect(built).to.deep.equal(kept)
  })

  it('reads the same by a generic reader', async () => {
    const block = await decodeProfileBlock(hex(frozen.block))
    const [body] = dagCbor.decode<[Record<string, unknown>, Uint8Array]>(hex(frozen.block))
    expect(body).to.deep.include({ v: 1, tier: 'contacts', issued: block.issued, lifetimeMs: block.lifetimeMs, version: block.version, fields: block.fields })
    const bundle = await decodeProfileBundle(hex(frozen.bundle))
    const [sealed] = dagCbor.decode<[{ copies: unknown[], sealed: unknown[], public: Uint8Array }, Uint8Array]>(hex(frozen.bundle))
    expect([sealed.copies.length, sealed.sealed]).to.deep.equal([bundle.copies.size, bundle.sealed])
    const keys = await deviceKeys(30)
    expect((await openSealedTiers(keys, bundle.person, answerFor(bundle, keys.did))).blocks.contacts?.fields).to.deep.equal(FIELDS)
  })

  it('of a contact reads the same by a generic reader', () => {
    expect(dagCbor.decode(hex(frozen.contact))).to.deep.include({ v: 2, name: 'Bobby', cardName: 'Bob', type: 'person', status: 'blocked', before: 'active', note: 'met in Ulm', labels: ['chess', 'work'] })
  })
})

describe('mutated profiles', function () {
  this.timeout(180_000)
  const refuse = async (bytes: Uint8Array, decode: (bytes: Uint8Array) => Promise<unknown>): Promise<void> => {
    await fc.assert(fc.asyncProperty(fc.constantFrom('alter', 'cut', 'insert'), fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (kind, at, by) => {
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
      const mutated = kind === 'cut' ? head : kind === 'insert' ? concat([head, Uint8Array.of(by), tail]) : bytes.map((byte, index) => index === at ? byte ^ by : byte)
      expect(await nameOfError(async () => await decode(mutated))).to.be.oneOf(REFUSALS)
    }), { numRuns: 10_000, seed: 7 })
  }

  it('are refused by name as a tier, 10,000 of them', async () => {
    await refuse((await profiled(1, { public: FIELDS })).blocks.public.bytes, decodeProfileBlock)
  })

  it('are refused by name as a bundle, 10,000 of them', async () => {
    const bob = await profiled(1, { public: { commonName: 'Bob' } })
    await refuse((await bundleOf(bob, [entitled(await deviceKeys(30), 'contacts')])).bytes, decodeProfileBundle)
  })

  it('sealed to a device do not open', async () => {
    const bob = await profiled(1, { contacts: FIELDS })
    const keys = await deviceKeys(30)
    const answer = answerFor(await bundleOf(bob, [entitled(keys, 'contacts')]), keys.did)
    const random = createSeededRandom(3)
    for (let round = 0; round < 200; round++) {
      const at = random(2).reduce((sum, byte) => sum * 256 + byte, 0)
      const sealed = answer.sealed.map(tier => ({ ...tier, content: flipped(tier.content ?? new Uint8Array(1), at) }))
      expect(await nameOfError(async () => await openSealedTiers(keys, bob.person.did, { ...answer, sealed }))).to.equal('UndecryptableError')
    }
    expect(await nameOfError(async () => await openSealedTiers(keys, bob.phone.did, answer))).to.equal('UndecryptableError')
  })
})

function didNumber (index: number): string {
  return didFromPublicKey(Uint8Array.from({ length: 32 }, (_value, at) => at === 0 ? index >> 8 : at === 1 ? index & 0xff : 7))
}

function keyName (key: Uint8Array | undefined): string {
  return key === undefined ? 'none' : toString(key, 'hex')
}

function flipped (bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => index === at % bytes.byteLength ? byte ^ 1 : byte)
}
