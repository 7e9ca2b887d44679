import { CID, createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { create } from 'multiformats/hashes/digest'
import { compare, equals } from 'uint8arrays'
import { HISTORIES, PERMISSIONS } from '../../src/format/access-change.ts'
import { encodeAction } from '../../src/format/encode-action.ts'
import { LINK_BYTES } from '../../src/format/cbor-reader.ts'
import { parseAction, type ParsedAction } from '../../src/format/parse-action.ts'
import { referenceCodec, type ReferenceBody } from './reference-codec.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> => fc.uint8Array({ minLength: length, maxLength: length }).map(array => new Uint8Array(array))
const link = (code: number, digest: Uint8Array): CID => CID.createV1(code, create(0x12, digest))
const cid = (codes: number[]): fc.Arbitrary<CID> => fc.tuple(fc.constantFrom(...codes), bytes(32)).map(([code, digest]) => link(code, digest))
const sorted = <T> (list: T[], by: (item: T) => Uint8Array): T[] => [...list].sort((a, b) => compare(by(a), by(b))).filter((item, index, all) => index === 0 || !equals(by(item), by(all[index - 1] ?? item)) || all.length === 1)
const cids = (codes: number[], min: number) => fc.array(cid(codes), { minLength: min, maxLength: 6 }).map(list => sorted(list, item => item.bytes))
const people = fc.array(bytes(32), { maxLength: 4 }).map(list => sorted(list, item => item))
const grants = fc.array(fc.record({ person: bytes(32), history: fc.nat({ max: 1 }), permission: fc.nat({ max: 3 }) }), { maxLength: 4 }).map(list => sorted(list, item => item.person))
const count = fc.oneof(fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 2, 2 ** 32 - 1), fc.nat())

const bodies: fc.Arbitrary<ReferenceBody> = fc.record({
  v: fc.constant(1 as const),
  conversation: cid([0x71]),
  author: bytes(32),
  person: bytes(32),
  seq: fc.oneof(fc.constant(0), count),
  prev: cid([0x71]),
  heads: cids([0x71], 0),
  time: fc.tuple(fc.oneof(count, fc.nat({ max: 2 ** 48 })), count, fc.integer({ min: -1081, max: 1081 })),
  epoch: count,
  access: fc.record({ add: grants, remove: people }),
  keys: fc.array(fc.record({ device: bytes(32), enc: bytes(32), ct: fc.uint8Array({ maxLength: 80 }).map(array => new Uint8Array(array)), prekey: bytes(8) }, { requiredKeys: ['device', 'enc', 'ct'] }), { maxLength: 4 }).map(list => sorted(list, item => item.device)),
  links: cids([0x71, 0x55], 0),
  sealed: fc.uint8Array({ minLength: 39, maxLength: 120 }).map(array => new Uint8Array(array))
}, { requiredKeys: ['v', 'conversation', 'author', 'person', 'seq', 'prev', 'heads', 'time', 'epoch', 'sealed'] })
  .map(body => body.seq === 0 ? { ...body, prev: null } : body)

describe('the exact-shape codec of actions', () => {
  const signature = new Uint8Array(64).fill(3)

  it('reads what the generic codec wrote', function () {
    this.timeout(20_000)
    fc.assert(fc.property(bodies, body => {
      let block: Uint8Array
      try {
        block = referenceCodec.encode([body, signature] as never)
      } catch {
        return
      }
      expect(toBody(parseAction(block))).to.deep.equal(plain(body))
    }), { numRuns: 200 })
  })

  it('writes what the generic codec writes', function () {
    this.timeout(20_000)
    fc.assert(fc.property(bodies, body => {
      let block: Uint8Array
      try {
        block = referenceCodec.encode([body, signature] as never)
      } catch {
        return
      }
      const written = encodeAction({
        ...body,
        conversation: body.conversation.multihash.digest,
        prev: body.prev?.multihash.digest,
        heads: body.heads.map(head => head.multihash.digest),
        time: { wallMs: body.time[0], counter: body.time[1], offsetMinutes: body.time[2] },
        access: body.access === undefined ? undefined : { ...body.access, add: body.access.add.map(({ person, history, permission }) => ({ person, history: HISTORIES[history] ?? 'all', permission: PERMISSIONS[permission] ?? 'read' })) },
        links: body.links?.map(({ bytes }) => bytes)
      }).block
      written.set(signature, written.length - 64)
      expect(Buffer.from(written).equals(block)).to.equal(true)
    }), { numRuns: 200 })
  })

  it('accepts exactly the bytes that the generic codec and schema accept, mutated ones too', function () {
    this.timeout(60_000)
    const random = createSeededRandom(7)
    const samples = fc.sample(bodies, { numRuns: 300, seed: 11 }).flatMap(body => {
      try {
        return [referenceCodec.encode([body, signature] as never)]
      } catch {
        return []
      }
    })
    expect(samples.length).to.be.above(100)
    let accepted = 0
    for (let round = 0; round < 10_000; round++) {
      const sample = samples[round % samples.length] ?? new Uint8Array()
      const mutated = mutate(sample, random)
      const fast = attempt(() => parseAction(mutated))
      const slow = attempt(() => referenceCodec.decode(mutated))
      if ((fast === undefined) !== (slow === undefined)) expect.fail(`${fast ?? 'accepted'} against ${slow ?? 'accepted'}: ${Buffer.from(mutated).toString('hex')}`)
      if (fast === undefined) accepted++
      else expect(fast).to.be.oneOf(['InvalidBytesError', 'OversizedBytesError'])
    }
    expect(accepted).to.be.above(500)
  })

  it('refuses what is larger than 64 KiB before reading it', () => {
    expect(attempt(() => parseAction(new Uint8Array(65_537)))).to.equal('OversizedBytesError')
  })
})

function attempt (action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return (error as Error).name
  }
}

function mutate (sample: Uint8Array, random: (length: number) => Uint8Array): Uint8Array {
  const [kind = 0, high = 0, low = 0, value = 0] = random(4)
  // Most of what matters is near the beginning: keys, numbers and list heads.
  const at = (kind & 1) === 0 ? (high << 8 | low) % sample.length : low % Math.min(sample.length, 120)
  if (kind < 200) {
    const mutated = sample.slice()
    mutated[at] = (kind & 2) === 0 ? value : (mutated[at] ?? 0) ^ (1 << (value & 7))
    return mutated
  }
  if (kind < 220) return sample.slice(0, at)
  if (kind < 240) return Uint8Array.from([...sample.slice(0, at), value, ...sample.slice(at)])
  return Uint8Array.from([...sample.slice(0, at), ...sample.slice(at + 1)])
}

function plain (body: ReferenceBody): unknown {
  return JSON.parse(JSON.stringify({ ...body, conversation: body.conversation.toString(), prev: body.prev?.toString() ?? null, heads: body.heads.map(String), links: body.links?.map(String) }, hexBytes))
}

function toBody (action: ParsedAction): unknown {
  const at = (place: number): Uint8Array => action.bytes.slice(place, place + 32)
  const list = (from: number, length: number): string[] => Array.from({ length }, (_none, index) => {
    const place = from + index * LINK_BYTES
    return link(action.bytes[place - 3] ?? 0, at(place)).toString()
  })
  return JSON.parse(JSON.stringify({
    v: 1,
    conversation: link(0x71, at(action.conversationAt)).toString(),
    author: at(action.authorAt),
    person: at(action.personAt),
    seq: action.seq,
    prev: action.prevAt < 0 ? null : link(0x71, at(action.prevAt)).toString(),
    heads: list(action.headsAt, action.headCount),
    time: [action.time.wallMs, action.time.counter, action.time.offsetMinutes],
    epoch: action.epoch,
    access: action.access === undefined ? undefined : { ...action.access, add: action.access.add.map(({ person, history, permission }) => ({ person, history: HISTORIES.indexOf(history), permission: PERMISSIONS.indexOf(permission) })) },
    keys: action.keys,
    links: action.linkCount === 0 ? undefined : list(action.linksAt, action.linkCount),
    sealed: action.sealed
  }, hexBytes))
}

function hexBytes (_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
}
