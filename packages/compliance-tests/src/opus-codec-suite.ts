import { FRAME_SAMPLES, OPUS_PRE_SKIP, correlate, packetDuration, syntheticSpeech, type OpusCodec, type OpusEncoderInit } from '@parley/media'
import { expect } from 'chai'

/** Declares the tests that every implementation of the `OpusCodec` contract passes. */
export function opusCodecSuite (name: string, create: () => OpusCodec): void {
  describe(`the Opus codec ${name}`, () => {
    const speech = syntheticSpeech({ durationMs: 1_000, seed: 21 })

    it('gives one packet of 20 ms for each block', async () => {
      const packets = await encodeAll(create(), speech)
      expect(packets).to.have.length(50)
      expect(packets.every(packet => packetDuration(packet) === FRAME_SAMPLES)).to.equal(true)
    })

    it('gives one packet for each block of silence when it may send nothing', async () => {
      const packets = await encodeAll(create(), new Float32Array(48_000), { dtx: true })
      expect(packets).to.have.length(50)
      expect(packets.every(packet => packetDuration(packet) === FRAME_SAMPLES)).to.equal(true)
    })

    it('gives back what it was given, a look-ahead later', async () => {
      const codec = create()
      const pcm = await decodeAll(codec, await encodeAll(codec, speech))
      expect(pcm.length).to.equal(speech.length)
      const { correlation, lagSamples } = correlate(speech, pcm)
      expect(correlation).to.be.above(0.9)
      expect(Math.abs(lagSamples - OPUS_PRE_SKIP)).to.be.at.most(6)
    })

    it('keeps to the bitrate it was given', async () => {
      const size = async (bitrate: number): Promise<number> => (await encodeAll(create(), speech, { bitrate })).reduce((sum, packet) => sum + packet.length, 0)
      expect(await size(12_000)).to.be.below(await size(64_000))
    })

    it('takes and gives two channels', async () => {
      const codec = create()
      const pcm = Float32Array.from({ length: speech.length * 2 }, (_, index) => speech[index >> 1] ?? 0)
      expect((await decodeAll(codec, await encodeAll(codec, pcm, { channels: 2 }), 2)).length).to.equal(pcm.length)
    })

    it('decodes stereo to one channel', async () => {
      const codec = create()
      const pcm = Float32Array.from({ length: speech.length * 2 }, (_, index) => speech[index >> 1] ?? 0)
      expect((await decodeAll(codec, await encodeAll(codec, pcm, { channels: 2 }), 1)).length).to.equal(speech.length)
    })

    it('conceals a packet of its first byte alone', async () => {
      const codec = create()
      const packets = await encodeAll(codec, speech)
      packets[20] = (packets[20] ?? new Uint8Array(1)).slice(0, 1).map(toc => toc & 0xfc)
      expect((await decodeAll(codec, packets)).length).to.equal(speech.length)
    })

    it('refuses what is no packet by name, and decodes the next one', async () => {
      const codec = create()
      const [packet] = await encodeAll(codec, speech)
      const decoder = await codec.createDecoder()
      for (const bad of [new Uint8Array(0), Uint8Array.of(0xff, 0xff, 0xff), Uint8Array.of(0x7b, 0)]) {
        const error = await decoder.decode(bad).then(() => undefined, (failure: Error) => failure)
        expect(error?.name).to.equal('InvalidBytesError')
      }
      const blocks = [...await decoder.decode(packet ?? new Uint8Array(0)), ...await decoder.flush()]
      expect(blocks.map(block => block.length)).to.deep.equal([FRAME_SAMPLES])
      decoder.close()
      decoder.close()
    })

    it('refuses a block of another size, and a bitrate that Opus has not', async () => {
      const encoder = await create().createEncoder()
      expect((await encoder.encode(new Float32Array(100)).then(() => undefined, (failure: Error) => failure))?.name).to.equal('InvalidArgumentError')
      encoder.close()
      expect((await create().createEncoder({ bitrate: 1 }).then(() => undefined, (failure: Error) => failure))?.name).to.equal('InvalidArgumentError')
    })
  })
}

async function encodeAll (codec: OpusCodec, pcm: Float32Array, init: OpusEncoderInit = {}): Promise<Uint8Array[]> {
  const encoder = await codec.createEncoder(init)
  const size = FRAME_SAMPLES * (init.channels ?? 1)
  const packets: Uint8Array[] = []
  for (let at = 0; at + size <= pcm.length; at += size) packets.push(...await encoder.encode(pcm.slice(at, at + size)))
  packets.push(...await encoder.flush())
  encoder.close()
  return packets
}

async function decodeAll (codec: OpusCodec, packets: Uint8Array[], channels: 1 | 2 = 1): Promise<Float32Array> {
  const decoder = await codec.createDecoder({ channels })
  const blocks: Float32Array[] = []
  for (const packet of packets) blocks.push(...await decoder.decode(packet))
  blocks.push(...await decoder.flush())
  decoder.close()
  const pcm = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0))
  let at = 0
  for (const block of blocks) {
    pcm.set(block, at)
    at += block.length
  }
  return pcm
}
