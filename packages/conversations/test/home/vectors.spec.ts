import { decode } from '@ipld/dag-cbor'
import { cidOf, sha256 } from '@parley/core'
import { createDeviceKeys, decryptContent } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createHash, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decodeContent, encodeContent } from '../../src/actions/registry.ts'
import { decodeBasics, encodeBasics, homeBasics, homeSalt, isHome } from '../../src/format/basics.ts'
import { parseAction } from '../../src/format/parse-action.ts'
import type { Content } from '../../src/index.ts'
import { referenceCodec } from '../format/reference-codec.ts'

interface Vectors {
  basics: { person: string, time: number, salt: string, block: string, cid: string }
  deviceSeed: string
  sealingSecret: string
  storageKey: string
  epochKey: string
  actions: Array<{ name: string, content: string, context: string, block: string, cid: string }>
}

const unhex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const MUTATIONS = 10_000

describe('the frozen vectors of home logs', () => {
  const { basics, deviceSeed, sealingSecret, storageKey, epochKey, actions } = JSON.parse(readFileSync(new URL('../vectors/v1/home.json', import.meta.url), 'utf8')) as Vectors

  it('fix the basics, and so the id', () => {
    const person = unhex(basics.person)
    expect(hex(homeSalt(person))).to.equal(basics.salt)
    // By other means: what the specification says, with Node's hash.
    const salt = createHash('sha256').update('parley/1/home').update(person).digest().subarray(0, 16)
    expect(hex(salt)).to.equal(basics.salt)
    const { bytes, cid } = encodeBasics(homeBasics(person, basics.time))
    expect([hex(bytes), cid.toString()]).to.deep.equal([basics.block, basics.cid])
    expect(decode(unhex(basics.block))).to.deep.equal({ v: 1, creator: person, time: basics.time, subject: new Uint8Array(createHash('sha256').update(salt).digest()) })
    expect(isHome(decodeBasics(bytes))).to.equal(true)
    expect(isHome({ ...decodeBasics(bytes), creator: sha256(person) })).to.equal(false)
  })

  it('fix the key under which a device keeps its index', async () => {
    const device = await createDeviceKeys({ seed: unhex(deviceSeed), sealingSecret: unhex(sealingSecret) })
    expect(hex(device.storageKey)).to.equal(storageKey)
    expect(Buffer.from(hkdfSync('sha256', unhex(sealingSecret), new Uint8Array(), 'parley/1/storage', 32)).toString('hex')).to.equal(storageKey)
  })

  for (const vector of actions) {
    it(`fix ${vector.name}`, () => {
      const block = unhex(vector.block)
      const action = parseAction(block)
      expect(cidOf(block).toString()).to.equal(vector.cid)
      expect(() => referenceCodec.decode(block)).not.to.throw()
      const plain = decryptContent(unhex(epochKey), action.sealed, unhex(vector.context))
      expect(hex(plain)).to.equal(vector.content)
      const content = decodeContent(plain)
      expect(hex(encodeContent(content))).to.equal(vector.content)
      expect(decode(plain)).to.deep.equal({ v: 1, ...content })
    })
  }

  it('name the recovery key’s copy by the person', () => {
    const { keys = [] } = parseAction(unhex(actions[0]?.block ?? ''))
    expect(keys.map(({ device }) => hex(device))).to.include(basics.person)
  })

  it(`are refused by name or are other records after ${MUTATIONS} mutations, and never crash`, function () {
    this.timeout(30_000)
    const contents = actions.map(({ content }) => unhex(content))
    let refused = 0
    fc.assert(fc.property(fc.nat(contents.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (which, at, flip, cut) => {
      const original = contents[which] ?? new Uint8Array()
      const bytes = cut ? original.slice(0, at % original.length) : original.slice()
      if (!cut) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip
      try {
        expect(hex(encodeContent(decodeContent(bytes)))).to.equal(hex(bytes))
      } catch (error) {
        expect((error as Error).name).to.equal('InvalidBytesError')
        refused++
      }
    }), { numRuns: MUTATIONS, seed: 10 })
    expect(refused).to.be.greaterThan(MUTATIONS / 4)
  })

  for (const [what, content] of Object.entries({
    'a record twice': { verb: 'put', thing: 'records', records: [{ collection: 'a', key: 'k', value: null }, { collection: 'a', key: 'k', value: new Uint8Array(1) }] },
    'a collection that is no word': { verb: 'put', thing: 'record', collection: 'A/b', key: 'k', value: null },
    'an empty key': { verb: 'put', thing: 'record', collection: 'a', key: '', value: null },
    'a key that is half a character': { verb: 'put', thing: 'record', collection: 'a', key: '\ud800', value: null },
    'a value of more than 48 KiB': { verb: 'put', thing: 'record', collection: 'a', key: 'k', value: new Uint8Array(48 * 1024 + 1) },
    'another field': { verb: 'put', thing: 'record', collection: 'a', key: 'k', value: null, more: 1 }
  })) {
    it(`are not of ${what}`, () => {
      expect(() => encodeContent(content as Content)).to.throw().with.property('name', 'InvalidBytesError')
    })
  }
})
