import { createSeededRandom, decodeCanonical, encodeCanonical } from '@parley/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { MAX_SEGMENT_BYTES, createSegment, decodeCaptureRecord, decodeManifest, encodeCaptureRecord, openManifest, openSegment, verifyCaptureRecord, verifySegment } from '../src/index.ts'
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from '../src/frames.ts'
import { joinPeaks } from '../src/peaks.ts'
import { encodePadded } from '../src/padding.ts'
import { segmentOfFrame } from '../src/segment-frame.ts'
import { KEY, VOICE, type Vectors, makeVectors } from './vectors.ts'
import { deviceKeys, packets } from './world.ts'

const frozen = JSON.parse(readFileSync(new URL('./vectors/v1/voice.json', import.meta.url), 'utf8')) as Vectors
const bytesOf = (name: string): Uint8Array => Uint8Array.from(Buffer.from(frozen[name] ?? '', 'hex'))
const REFUSED = ['InvalidBytesError', 'OversizedBytesError', 'InvalidSignatureError']

describe('the frozen vectors', () => {
  it('are what is written today', async () => {
    expect(await makeVectors()).to.deep.equal(frozen)
  })

  it('are read as what they say', async () => {
    const { signer, did } = await deviceKeys(1)
    const first = await verifySegment(signer.publicKey, bytesOf('segment 0'))
    const second = await verifySegment(signer.publicKey, bytesOf('segment 1, last, uneven'))
    expect(second.prev?.toString()).to.equal(first.cid.toString())
    expect(openSegment(KEY, first).packets).to.have.length(10)
    expect(openSegment(KEY, second).packets.at(-1)?.samples).to.equal(100)
    const manifest = decodeManifest(bytesOf('manifest'))
    expect(manifest.segments.map(String)).to.deep.equal([first.cid.toString(), second.cid.toString()])
    expect(openManifest(KEY, manifest).samples).to.deep.equal([9600, 47_140])
    const record = decodeCaptureRecord(bytesOf('capture record'))
    expect(encodeCaptureRecord(record)).to.deep.equal(bytesOf('capture record'))
    expect(await verifyCaptureRecord(did, bytesOf('signed capture record'))).to.deep.equal({ ...record, keeper: did, onBehalfOf: did })
    for (const name of ['put', 'segment frame', 'finish', 'get']) expect(encodeRequest(decodeRequest(bytesOf(name)))).to.deep.equal(bytesOf(name))
    for (const name of ['opened', 'ack', 'paused', 'resumed', 'closed', 'ended', 'refused']) expect(encodeReply(decodeReply(bytesOf(name)))).to.deep.equal(bytesOf(name))
  })
})

/** Calls `use` with `count` copies of some bytes, each with one byte changed, cut off or added. */
async function mutated (bytes: Uint8Array, count: number, seed: number, use: (copy: Uint8Array) => Promise<void>): Promise<void> {
  const random = createSeededRandom(seed)
  for (let run = 0; run < count; run++) {
    const [a = 0, b = 0, c = 0, change = 0, flip = 0] = random(5)
    const at = (a * 65_536 + b * 256 + c) % bytes.byteLength
    const copy = bytes.slice()
    copy[at] = (copy[at] ?? 0) ^ (flip === 0 ? 1 : flip)
    await use(change < 8 ? bytes.slice(0, at) : change < 16 ? Uint8Array.from([...bytes, flip]) : copy)
  }
}

describe('bytes that were altered', () => {
  it('in 10,000 segments are refused by name', async () => {
    const { signer } = await deviceKeys(1)
    const names = new Set<string>()
    await mutated(bytesOf('segment 0'), 10_000, 1, async copy => {
      const error: unknown = await verifySegment(signer.publicKey, copy).then(() => undefined, (cause: unknown) => cause)
      names.add((error as Error | undefined)?.name ?? 'accepted')
    })
    expect([...names].filter(name => !REFUSED.includes(name))).to.deep.equal([])
    // A bad signature is believed only after the second implementation said so too, which takes milliseconds.
  }).timeout(180_000)

  it('in 10,000 frames, manifests and records are refused by name, or read as exactly those bytes', async () => {
    const forms: Array<[string, (bytes: Uint8Array) => Uint8Array]> = [
      ...['put', 'segment frame', 'finish', 'get'].map((name): [string, (bytes: Uint8Array) => Uint8Array] => [name, bytes => encodeRequest(decodeRequest(bytes))]),
      ...['opened', 'ack', 'paused', 'closed', 'ended', 'refused'].map((name): [string, (bytes: Uint8Array) => Uint8Array] => [name, bytes => encodeReply(decodeReply(bytes))]),
      ['manifest', bytes => decodeManifest(bytes).bytes],
      ['capture record', bytes => encodeCaptureRecord(decodeCaptureRecord(bytes))]
    ]
    for (const [name, again] of forms) {
      await mutated(bytesOf(name), 850, 2, async copy => {
        try {
          expect(again(copy)).to.deep.equal(copy)
        } catch (error) {
          expect(REFUSED, `${name}: ${String(error)}`).to.include((error as Error).name)
        }
      })
    }
  }).timeout(30_000)

  it('under the seal are not opened, nor with another index or key', async () => {
    const { signer } = await deviceKeys(1)
    const segment = await verifySegment(signer.publicKey, bytesOf('segment 0'))
    for (const [key, altered] of [[KEY, { ...segment, index: 1 }], [VOICE.slice(0, 0), segment], [new Uint8Array(32), segment]] as const) {
      let name = ''
      try {
        openSegment(key, altered)
      } catch (error) {
        name = (error as Error).name
      }
      expect(name).to.be.oneOf(['UndecryptableError', 'InvalidArgumentError'])
    }
  })
})

describe('the short way to read a segment frame', () => {
  const encode = (length: number): Uint8Array => encodeCanonical({ v: 1, type: 'segment', block: new Uint8Array(length).fill(7) })

  it('takes every canonical frame with a block of 24 bytes or more, and reads the same', () => {
    fc.assert(fc.property(fc.oneof(fc.integer({ min: 24, max: 300 }), fc.integer({ min: 65_500, max: 65_600 }), fc.constant(MAX_SEGMENT_BYTES)), length => {
      const frame = encode(length)
      expect(segmentOfFrame(frame)).to.deep.equal((decodeCanonical('frame', frame, 2 ** 20) as { block: Uint8Array }).block)
    }))
  })

  it('leaves everything else to the codec: no other bytes are taken', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 400 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (length, where, flip) => {
      const frame = encode(length)
      const at = where % Math.min(frame.byteLength, 40)
      frame[at] = (frame[at] ?? 0) ^ flip
      const block = segmentOfFrame(frame)
      if (block !== undefined) expect(encodeCanonical({ v: 1, type: 'segment', block })).to.deep.equal(frame)
    }), { numRuns: 2000 })
    expect(segmentOfFrame(encode(MAX_SEGMENT_BYTES + 1))).to.equal(undefined)
    expect(segmentOfFrame(encode(100).slice(0, -1))).to.equal(undefined)
  })
})

describe('padding', () => {
  it('always makes sealed contents a multiple of 512 bytes, and never wastes more than one step', () => {
    fc.assert(fc.property(fc.nat(3000), length => {
      const sealed = encodePadded({ v: 1, packets: [new Uint8Array(length)] }).byteLength + 40
      expect(sealed % 512).to.equal(0)
      expect(sealed - length).to.be.below(1200)
    }))
  })
})

describe('a segment', () => {
  it('opens to what was sealed, whatever the packets', async () => {
    const { signer } = await deviceKeys(1)
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ data: fc.uint8Array({ maxLength: 200 }), samples: fc.integer({ min: 0, max: 5760 }) }), { maxLength: 60 }), fc.nat(1000), async (list, index) => {
      const random = createSeededRandom(index)
      const made = await createSegment({ signer, random }, { voice: VOICE, key: KEY, index, prev: index === 0 ? null : (await base()).cid, last: false, content: { start: 5, packets: list, peaks: new Uint8Array(3) } })
      const read = openSegment(KEY, await verifySegment(signer.publicKey, made.bytes))
      expect(read.packets.map(({ data, samples }) => ({ data: [...data], samples }))).to.deep.equal(list.map(({ data, samples }) => ({ data: [...data], samples })))
      expect(read.start).to.equal(5)
    }), { numRuns: 100 })
  })

  it('of the longest kind fits', async () => {
    const { signer } = await deviceKeys(1)
    const random = createSeededRandom(3)
    const list = packets(50, random).map(packet => ({ ...packet, data: random(1275) }))
    const { bytes } = await createSegment({ signer, random }, { voice: VOICE, key: KEY, index: 0, prev: null, last: false, content: { start: 0, packets: list, peaks: new Uint8Array(20) } })
    expect((await verifySegment(signer.publicKey, bytes)).index).to.equal(0)
  })
})

describe('the loudness of a long message', () => {
  it('is merged two by two, the louder staying, until it fits', () => {
    expect(joinPeaks([Uint8Array.of(1, 9, 3), Uint8Array.of(4, 5)], 4)).to.deep.equal(Uint8Array.of(9, 4, 5))
    expect(joinPeaks([new Uint8Array(9000)]).byteLength).to.equal(4500)
  })
})

async function base (): Promise<Awaited<ReturnType<typeof verifySegment>>> {
  return await verifySegment((await deviceKeys(1)).signer.publicKey, bytesOf('segment 0'))
}
