import { cidOf, createSeededRandom, encodeCanonical, silentLogger } from '@parley/core'
import * as dagCbor from '@ipld/dag-cbor'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { copyVoice, heldVoice, readVoice, voiceName, type Recording, type VoiceCopied, type VoiceCopy } from '../src/index.ts'
import { decodeReply, decodeRequest, encodeRequest, type RequestFrame } from '../src/frames.ts'
import { ACTION, CONVERSATION, createWorld, networkOf, packets, speak, storedIndices, type World } from './world.ts'

const frozen = JSON.parse(readFileSync(new URL('./vectors/v1/copy.json', import.meta.url), 'utf8')) as Record<string, string>

interface Spoken { world: World, recording: Recording, asked: VoiceCopy[] }

/** Alice has spoken, and her own proxy takes copies from Bob's device. */
async function spoken (count: number, { seed = 1, init = {} }: { seed?: number, init?: Parameters<World['keep']>[0] } = {}): Promise<Spoken> {
  const world = await createWorld({ seed })
  const recording = world.record()
  await speak(recording, packets(count, world.random))
  await recording.finish()
  const asked: VoiceCopy[] = []
  await world.keep({
    async authoriseCopy (copy, device) {
      asked.push(copy)
      return device === world.bob.did ? { ok: true, person: world.alice.did } : { ok: false, reason: 'you are nobody here' }
    },
    ...init
  })
  return { world, recording, asked }
}

async function bring ({ world, recording }: Spoken, device = world.bob): Promise<VoiceCopied | undefined> {
  const done = copyVoice({ network: networkOf(world, device), store: world.spoken, clock: world.clock }, messageOf(world, recording), world.target)
  return await done
}

function messageOf (world: World, { voice, finished }: Recording): Parameters<typeof copyVoice>[1] {
  return { voice, conversation: CONVERSATION, action: ACTION, speaker: world.alice.did, manifest: finished?.manifest.cid, cutOff: false }
}

/** Opens a stream, sends frames, and returns the last word of the keeper. */
async function say (world: World, frames: RequestFrame[], device = world.bob): Promise<ReturnType<typeof decodeReply> | undefined> {
  const stream = await networkOf(world, device).open(world.target, '/parley/voice/1')
  for (const frame of frames) await stream.send(encodeRequest(frame)).catch(() => {})
  await stream.close()
  let last: ReturnType<typeof decodeReply> | undefined
  for (;;) {
    const bytes = await stream.receive().catch(() => undefined)
    if (bytes === undefined) return last
    last = decodeReply(bytes)
  }
}

async function blocksOf (world: World, recording: Recording): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = []
  for (const cid of recording.finished?.manifest.segments ?? []) blocks.push(await world.spoken.getBlock(cid) ?? new Uint8Array())
  return blocks
}

function copyFrame (world: World, { voice, segments, finished }: Recording): RequestFrame & { type: 'copy' } {
  return { v: 1, type: 'copy', voice, conversation: CONVERSATION, action: ACTION, speaker: publicKeyFromDid(world.alice.did), segments, manifest: finished?.manifest.bytes ?? null, cutOff: false, reason: null }
}

describe('a message that somebody else brings to a keeper', () => {
  it('is kept like one that was spoken there, and heard by its speaker\'s signature', async () => {
    const bringing = await spoken(230)
    const { world, recording, asked } = bringing
    expect(await bring(bringing)).to.deep.equal({ state: 'complete', segments: recording.segments, sent: recording.segments })
    expect(asked).to.deep.equal([{ voice: new Uint8Array(recording.voice), conversation: CONVERSATION, action: ACTION, speaker: world.alice.did }])
    const held = await heldVoice({ network: networkOf(world, world.bob), clock: world.clock }, world.target, recording.voice)
    expect(held?.manifest?.toString()).to.equal(recording.finished?.manifest.cid.toString())
    expect(held).to.include({ state: 'complete', segments: recording.segments })
    const indices: number[] = []
    const empty = (await createWorld({ seed: 2 })).spoken
    for await (const { index, isMissing } of readVoice({ network: networkOf(world, world.bob), store: empty, clock: world.clock, logger: silentLogger }, { voice: recording.voice, key: recording.key, speaker: world.alice.did, from: [world.target] })) if (!isMissing) indices.push(index)
    expect(indices).to.deep.equal(Array.from({ length: recording.segments }, (_none, index) => index))
  })

  it('is not sent again when all of it is there', async () => {
    const bringing = await spoken(120)
    await bring(bringing)
    const commits = bringing.world.kept.commits.length
    expect(await bring(bringing)).to.include({ state: 'complete', sent: 0 })
    expect(bringing.world.kept.commits).to.have.length(commits)
  })

  it('completes one that its keeper has cut off', async () => {
    const bringing = await spoken(230)
    const { world, recording } = bringing
    const half = (await blocksOf(world, recording)).slice(0, 2)
    const reply = await say(world, [{ ...copyFrame(world, recording), segments: 2, manifest: null, cutOff: true, reason: 'the rest is not here' }, ...half.map((block): RequestFrame => ({ v: 1, type: 'segment', block }))])
    expect(reply).to.include({ type: 'closed', state: 'cut-off', segments: 2 })
    expect(await bring(bringing)).to.deep.include({ state: 'complete', sent: recording.segments - 2 })
  })

  it('goes on where it stood, whenever the streams break, and ends the same', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }), fc.integer({ min: 1, max: 1000 }), async (cuts, seed) => {
      const bringing = await spoken(2200, { seed })
      const { world, recording } = bringing
      for (const after of cuts) {
        let frames = after
        world.loopback.fate = () => --frames < 0 ? 'cut' : 'deliver'
        const result = await bring(bringing).catch((error: unknown) => (error as Error).name)
        if (typeof result === 'string') expect(result).to.be.oneOf(['StreamClosedError', 'CaptureEndedError'])
      }
      world.loopback.fate = () => 'deliver'
      await world.settle()
      expect(await bring(bringing)).to.include({ state: 'complete', segments: recording.segments })
      expect(await storedIndices(world.kept, voiceName(recording.voice))).to.have.length(recording.segments)
      expect(await world.kept.get(`/voice/copying/${voiceName(recording.voice)}`)).to.equal(undefined)
    }), { numRuns: 25, seed: 7 })
  }).timeout(60_000)

  it('waits until it is spoken, and its speaker waits until it is brought', async () => {
    const { world, recording } = await spoken(120)
    const put: RequestFrame = { v: 1, type: 'put', voice: recording.voice, conversation: CONVERSATION, action: ACTION, context: new Uint8Array(0), card: null }
    const speaking = await networkOf(world, world.alice).open(world.target, '/parley/voice/1')
    await speaking.send(encodeRequest(put))
    expect(decodeReply(await speaking.receive() ?? new Uint8Array())).to.include({ type: 'opened' })
    expect(await say(world, [copyFrame(world, recording)])).to.include({ type: 'refused', reason: 'busy' })
  })

  it('is of no use to whoever has nothing of it', async () => {
    const bringing = await spoken(120)
    const { world, recording } = bringing
    const message = messageOf(world, recording)
    expect(await copyVoice({ network: networkOf(world, world.bob), store: world.kept, clock: world.clock }, message, world.target)).to.equal(undefined)
  })
})

describe('a copy that breaks a rule', () => {
  const nothingKept = async ({ world, recording }: Spoken): Promise<void> => {
    expect(await world.kept.get(`/voice/capture/${voiceName(recording.voice)}`)).to.equal(undefined)
  }

  it('is refused where no copies are taken, and from a device that may bring none', async () => {
    const bringing = await spoken(60)
    expect(await bring(bringing, bringing.world.alice).catch((error: unknown) => error)).to.include({ name: 'VoiceRefusedError', reason: 'not-allowed' })
    await nothingKept(bringing)
    const closed = await spoken(60, { init: { authoriseCopy: async () => ({ ok: false, reason: 'no copies are taken here' }) } })
    expect(await bring(closed).catch((error: unknown) => error)).to.include({ name: 'VoiceRefusedError', reason: 'not-allowed' })
  })

  it('is refused by the name of the rule', async () => {
    const bringing = await spoken(230)
    const { world, recording } = bringing
    const blocks = (await blocksOf(world, recording)).map((block): RequestFrame => ({ v: 1, type: 'segment', block }))
    const [first, second] = blocks as [RequestFrame, RequestFrame]
    const other = world.record()
    await speak(other, packets(230, world.random))
    await other.finish()
    const [foreign] = (await blocksOf(world, other)).map((block): RequestFrame => ({ v: 1, type: 'segment', block })) as [RequestFrame]
    const frame = copyFrame(world, recording)
    const cases: Array<[RequestFrame[], string]> = [
      [[{ ...frame, segments: 0, manifest: null }], 'invalid'],
      [[{ ...frame, segments: frame.segments + 1 }], 'invalid'],
      [[{ ...frame, manifest: other.finished?.manifest.bytes ?? null }], 'invalid'],
      [[{ ...frame, manifest: encodeCanonical({ none: 1 }) }], 'invalid'],
      [[frame, second], 'out-of-order'],
      [[frame, foreign], 'invalid'],
      [[frame, frame], 'invalid'],
      [[{ ...frame, speaker: publicKeyFromDid(world.bob.did) }, first], 'forged']
    ]
    for (const [number, [frames, reason]] of cases.entries()) expect(await say(world, frames), `case ${number}`).to.include({ type: 'refused', reason })
    expect(await say(world, [frame, first])).to.include({ type: 'opened' })
    await nothingKept(bringing)
    await bring(bringing)
    expect(await say(world, [{ ...frame, speaker: publicKeyFromDid(world.bob.did) }])).to.include({ type: 'refused', reason: 'taken' })
  })

  it('is no longer than a message may be', async () => {
    const bringing = await spoken(230, { init: { maxSegments: 2 } })
    expect(await bring(bringing).catch((error: unknown) => error)).to.include({ name: 'VoiceRefusedError', reason: 'too-long' })
    await nothingKept(bringing)
  })

  it('is refused by name in 10,000 altered forms, and none is another frame than it was', async () => {
    const bytes = Buffer.from(frozen['copy'] ?? '', 'hex')
    const random = createSeededRandom(11)
    const names = new Set<string>()
    for (let run = 0; run < 10_000; run++) {
      const [a = 0, b = 0, flip = 0] = random(3)
      const altered = Uint8Array.from(bytes)
      altered[(a * 256 + b) % bytes.byteLength] = (altered[(a * 256 + b) % bytes.byteLength] ?? 0) ^ (flip === 0 ? 1 : flip)
      try {
        const frame = decodeRequest(altered)
        expect(Buffer.from(encodeRequest(frame)).equals(altered)).to.equal(true)
      } catch (error) {
        names.add((error as Error).name)
      }
    }
    expect([...names].filter(name => name !== 'InvalidBytesError' && name !== 'OversizedBytesError')).to.deep.equal([])
  })
})

describe('the frozen copy frame', () => {
  it('is what is written today, and a generic reader agrees', () => {
    const fields: RequestFrame = {
      v: 1, type: 'copy', voice: new Uint8Array(16).fill(7), conversation: cidOf(encodeCanonical({ conversation: 1 })), action: cidOf(encodeCanonical({ action: 1 })),
      speaker: new Uint8Array(32).fill(3), segments: 2, manifest: new Uint8Array([1, 2, 3]), cutOff: true, reason: 'hung up'
    }
    const bytes = encodeRequest(fields)
    expect(Buffer.from(bytes).toString('hex')).to.equal(frozen['copy'])
    expect(decodeRequest(bytes)).to.deep.equal(fields)
    expect(dagCbor.decode(bytes)).to.deep.equal(fields)
  })
})
