import { decode } from '@ipld/dag-cbor'
import { cidOf } from '@parley/core'
import { decryptContent } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decodeContent, encodeContent } from '../../src/actions/registry.ts'
import { decodeBasics, encodeBasics, guestBasics, isGuestLog, isHome } from '../../src/format/basics.ts'
import { logsLinkedBy } from '../../src/format/logs-linked.ts'
import { parseAction } from '../../src/format/parse-action.ts'
import type { Content } from '../../src/index.ts'
import { referenceCodec } from '../format/reference-codec.ts'

interface Vectors {
  basics: { host: string, time: number, random: string, block: string, cid: string }
  conversation: string
  epochKey: string
  actions: Array<{ name: string, content: string, context: string, block: string, cid: string, links: string[] }>
}

const unhex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const MUTATIONS = 10_000

describe('the frozen vectors of guest logs', () => {
  const { basics, conversation, epochKey, actions } = JSON.parse(readFileSync(new URL('../vectors/v1/guests.json', import.meta.url), 'utf8')) as Vectors

  it('fix the basics, and what tells them from others', () => {
    const [host, random] = [unhex(basics.host), unhex(basics.random)]
    const { bytes, cid } = encodeBasics(guestBasics(host, basics.time, random))
    expect([hex(bytes), cid.toString()]).to.deep.equal([basics.block, basics.cid])
    // By other means: what the specification says, with Node's hash.
    const tag = createHash('sha256').update('parley/1/guest').update(host).digest().subarray(0, 16)
    expect(decode(unhex(basics.block))).to.deep.equal({ v: 1, creator: host, time: basics.time, subject: new Uint8Array(Buffer.concat([tag, random])) })
    const decoded = decodeBasics(bytes)
    expect([isGuestLog(decoded), isHome(decoded)]).to.deep.equal([true, false])
    expect(isGuestLog({ ...decoded, creator: random })).to.equal(false)
    expect(isGuestLog({ ...decoded, subject: decoded.subject.toReversed() })).to.equal(false)
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
      expect(logsLinkedBy(action).map(cid => hex(cid.bytes))).to.deep.equal(vector.links)
      if (content.verb === 'share') expect(logsLinkedBy(action).map(String)).to.deep.equal([conversation])
    })
  }

  it(`are refused by name or are other contents after ${MUTATIONS} mutations, and never crash`, function () {
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
    }), { numRuns: MUTATIONS, seed: 21 })
    expect(refused).to.be.greaterThan(MUTATIONS / 4)
  })

  const shared = decodeContent(unhex(actions[1]?.content ?? ''))
  const one = (epoch: number, fill: number) => ({ epoch, key: new Uint8Array(32).fill(fill) })
  for (const [what, change] of Object.entries({
    'a key twice': { keys: [one(1, 1), one(1, 1)] },
    'keys out of order': { keys: [one(2, 1), one(1, 1)] },
    'a key that is not 32 bytes': { keys: [{ epoch: 1, key: new Uint8Array(31) }] },
    'more keys than fit': { keys: Array.from({ length: 1001 }, (_none, epoch) => one(epoch, 1)) },
    'another field': { more: 1 },
    'no first epoch': { since: undefined }
  })) {
    it(`are not of ${what}`, () => {
      expect(() => encodeContent({ ...shared, ...change } as unknown as Content)).to.throw().with.property('name', 'InvalidBytesError')
    })
  }

  it('fit in an action with as many keys as there may be', () => {
    const keys = Array.from({ length: 1000 }, (_none, index) => one(2 ** 32 - 2000 + index, 1))
    expect(encodeContent({ ...shared, keys } as Content).length).to.be.lessThan(60_000)
  })
})
