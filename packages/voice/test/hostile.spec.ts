import { createSeededRandom } from '@parley/core'
import { type DeviceKeys, createDeviceList, createSigner } from '@parley/identity'
import { expect } from 'chai'
import { MAX_SEGMENT_BYTES, createSegment, voiceName } from '../src/index.ts'
import { decodeReply, encodeRequest } from '../src/frames.ts'
import { ACTION, CONVERSATION, type World, createWorld, networkOf, packets, storedIndices } from './world.ts'

const VOICE = new Uint8Array(16).fill(5)
const KEY = new Uint8Array(32).fill(6)

/** Opens a stream, as Alice unless told, sends frames and returns what the keeper said. */
async function say (world: World, frames: Uint8Array[], device: DeviceKeys = world.alice): Promise<Array<ReturnType<typeof decodeReply>>> {
  const stream = await networkOf(world, device).open(world.target, '/parley/voice/1')
  const replies: Array<ReturnType<typeof decodeReply>> = []
  const put = encodeRequest({ v: 1, type: 'put', voice: VOICE, conversation: CONVERSATION, action: ACTION, context: new Uint8Array(0), card: null })
  for (const frame of [put, ...frames]) await stream.send(frame).catch(() => {})
  for (;;) {
    const bytes = await stream.receive().catch(() => undefined)
    if (bytes === undefined) return replies
    replies.push(decodeReply(bytes))
  }
}

describe('a speaker that sends what it may not', () => {
  it('two hundred altered frames and segments are refused by name, and nothing is stored', async () => {
    const world = await createWorld()
    const keeper = await world.keep({ graceMs: 1e9 })
    const { bytes } = await createSegment({ signer: world.alice.signer, random: world.random }, { voice: VOICE, key: KEY, index: 0, prev: null, last: false, content: { start: 0, packets: packets(10, world.random), peaks: new Uint8Array(4) } })
    const frame = encodeRequest({ v: 1, type: 'segment', block: bytes })
    const random = createSeededRandom(9)
    for (let run = 0; run < 200; run++) {
      const [a = 0, b = 0, flip = 0] = random(3)
      const altered = frame.slice()
      // Mostly the frame around the block and the block's own head; the signature of the rest is verified elsewhere.
      const at = run % 10 === 0 ? (a * 256 + b) % frame.byteLength : a % 120
      altered[at] = (altered[at] ?? 0) ^ (flip === 0 ? 1 : flip)
      const replies = await say(world, [altered])
      expect(replies.at(-1)?.type).to.equal('refused')
    }
    expect(await storedIndices(world.kept, voiceName(VOICE))).to.deep.equal([])
    expect(await keeper.record(VOICE)).to.include({ segments: 0, state: 'recording' })
    expect(Object.values(keeper.refusals()).reduce((sum, count) => sum + count, 0)).to.equal(200)
    await keeper.stop()
  }).timeout(60_000)

  it('a segment of another message, an oversized one and a frame out of place are refused by name', async () => {
    const world = await createWorld()
    const keeper = await world.keep({ maxSegmentBytes: 2000 })
    const make = async (voice: Uint8Array, count: number): Promise<Uint8Array> => encodeRequest({
      v: 1, type: 'segment',
      block: (await createSegment({ signer: world.alice.signer, random: world.random }, { voice, key: KEY, index: 0, prev: null, last: false, content: { start: 0, packets: packets(count, world.random), peaks: new Uint8Array(4) } })).bytes
    })
    const cases: Array<[Uint8Array, string]> = [
      [await make(KEY.slice(0, 16), 5), 'invalid'],
      [await make(VOICE, 50), 'too-large'],
      [encodeRequest({ v: 1, type: 'get', voice: VOICE, from: 0, follow: false }), 'invalid'],
      [new Uint8Array(MAX_SEGMENT_BYTES * 20), 'too-large']
    ]
    for (const [frame, reason] of cases) expect((await say(world, [frame])).at(-1)).to.include({ type: 'refused', reason })
    await keeper.stop()
  })

  it('a message longer than allowed is refused, and what came before stays', async () => {
    const world = await createWorld()
    const keeper = await world.keep({ maxSegments: 2 })
    const frames: Uint8Array[] = []
    let prev = null
    for (let index = 0; index < 4; index++) {
      const segment = await createSegment({ signer: world.alice.signer, random: world.random }, { voice: VOICE, key: KEY, index, prev, last: false, content: { start: index * 960, packets: packets(1, world.random), peaks: new Uint8Array(1) } })
      frames.push(encodeRequest({ v: 1, type: 'segment', block: segment.bytes }))
      prev = segment.cid
    }
    expect((await say(world, frames)).map(reply => reply.type)).to.include('refused')
    await world.settle()
    expect(await storedIndices(world.kept, voiceName(VOICE))).to.deep.equal([0, 1])
    await keeper.stop()
  })

  it('a message id that another device speaks is refused', async () => {
    const world = await createWorld()
    const now = world.clock.now()
    const list = await createDeviceList(await createSigner(new Uint8Array(32).fill(53)), {
      name: 'Bob', issued: now, devices: [{ device: world.bob.did, sealing: world.bob.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: now - 1 }]
    })
    await world.people.learnList(list.bytes)
    const keeper = await world.keep()
    await say(world, [encodeRequest({ v: 1, type: 'finish', manifest: new Uint8Array(3), cutOff: true, reason: null })])
    expect((await say(world, [], world.bob)).at(-1)).to.include({ type: 'refused', reason: 'taken' })
    expect((await keeper.record(VOICE))?.speaker).to.equal(world.alice.did)
    expect(keeper.refusals()).to.deep.equal({ invalid: 1, taken: 1 })
    await keeper.stop()
  })
})
