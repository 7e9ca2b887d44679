import { createSeededRandom, type CID } from '@parley/core'
import type { Message } from '@parley/conversations'
import { createSigner } from '@parley/identity'
import { openAudio, type OpusPacket } from '@parley/media'
import { createManifest, createSegment } from '@parley/voice'
import { expect } from 'chai'
import { concat } from 'uint8arrays'
import { voiceFile } from '../src/voice-file.ts'

const SAMPLES = 960

/** A spoken message of three segments with two packets each, and its blocks. */
async function spoken (): Promise<{ message: Message, blocks: Map<string, Uint8Array>, segments: CID[] }> {
  const random = createSeededRandom(3)
  const signer = await createSigner(random(32))
  const [voice, key] = [random(16), random(32)]
  const packets: OpusPacket[] = [{ data: Uint8Array.of(0x08, 1, 2), samples: SAMPLES }, { data: Uint8Array.of(0x08, 3, 4), samples: SAMPLES }]
  const blocks = new Map<string, Uint8Array>()
  const segments: CID[] = []
  for (let index = 0; index < 3; index++) {
    const segment = await createSegment({ signer, random }, { voice, key, index, prev: segments.at(-1) ?? null, last: index === 2, content: { start: index * 2 * SAMPLES, packets, peaks: new Uint8Array(1) } })
    segments.push(segment.cid)
    blocks.set(segment.cid.toString(), segment.bytes)
  }
  const manifest = createManifest({ random }, { voice, key, segments, content: { codec: 'opus', sampleRateHz: 48_000, channels: 1, preSkip: 312, durationMs: 120, samples: [1, 2, 3].map(() => 2 * SAMPLES), peaks: new Uint8Array(3), startedAt: 0, cutOff: false } })
  blocks.set(manifest.cid.toString(), manifest.bytes)
  const message = { device: signer.did, voice: { voice, key, codec: 'opus', sampleRateHz: 48_000, channels: 1, manifest: manifest.cid } } as unknown as Message
  return { message, blocks, segments }
}

async function samplesOf (file: AsyncIterable<Uint8Array> | undefined): Promise<number> {
  const parts: Uint8Array[] = []
  for await (const part of file ?? []) parts.push(part)
  const source = await openAudio((async function * () { yield concat(parts) })())
  let samples = 0
  if (source.kind === 'opus') for await (const packet of source.packets()) samples += packet.samples
  return samples
}

describe('a spoken message as a file', () => {
  it('plays as long as it was spoken', async () => {
    const { message, blocks } = await spoken()
    expect(await samplesOf(voiceFile(message, async cid => blocks.get(cid.toString())))).to.equal(6 * SAMPLES)
  })

  it('is silent where a segment is not here', async () => {
    const { message, blocks, segments } = await spoken()
    blocks.delete(segments[1]?.toString() ?? '')
    expect(await samplesOf(voiceFile(message, async cid => blocks.get(cid.toString())))).to.be.at.least(4 * SAMPLES)
  })

  it('is none where nothing of it is here, or nothing was kept', async () => {
    const { message, blocks, segments } = await spoken()
    for (const cid of segments) blocks.delete(cid.toString())
    const error = await samplesOf(voiceFile(message, async cid => blocks.get(cid.toString()))).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'VoiceUnavailableError' })
    expect(voiceFile({ ...message, voice: undefined }, async () => undefined)).to.equal(undefined)
    const undescribed = await samplesOf(voiceFile(message, async () => undefined)).catch((cause: unknown) => cause as Error)
    expect(undescribed).to.include({ name: 'VoiceUnavailableError' })
  })
})
