import { expect } from 'chai'
import { BufferTarget, EncodedAudioPacketSource, EncodedPacket, Output, WebMOutputFormat } from 'mediabunny'
import { correlate, encodeOpus, openAudio, pcmOf, syntheticSpeech, type AudioDamage, type OpusPacket } from '../src/index.ts'
import { opusHeadBytes } from '../src/ogg/opus-head.ts'
import { elements } from '../src/webm/ebml.ts'
import { unlace } from '../src/webm/lacing.ts'
import { all, inParts, joinPcm, nameOf, sourceOf } from './fixtures.ts'

const speech = syntheticSpeech({ durationMs: 2_000, seed: 9 })

/** Writes WebM with an independent muxer; `keep` leaves packets out. */
async function webmOf (keep: (index: number) => boolean = () => true): Promise<{ file: Uint8Array, packets: OpusPacket[] }> {
  const packets = await all(encodeOpus(sourceOf(speech, { sampleRateHz: 48_000, channels: 1 })))
  const target = new BufferTarget()
  const output = new Output({ format: new WebMOutputFormat(), target })
  const track = new EncodedAudioPacketSource('opus')
  output.addAudioTrack(track)
  await output.start()
  const decoderConfig = { codec: 'opus', sampleRate: 48_000, numberOfChannels: 1, description: opusHeadBytes({ channels: 1, preSkip: 312, inputSampleRateHz: 48_000 }) }
  for (const [index, packet] of packets.entries()) {
    if (keep(index)) await track.add(new EncodedPacket(packet.data, 'key', index * 0.02, 0.02), { decoderConfig })
  }
  await output.finalize()
  if (target.buffer === null) throw new TypeError('nothing was written')
  return { file: new Uint8Array(target.buffer), packets }
}

describe('a WebM file of Opus', () => {
  it('gives its packets and its pre-skip', async () => {
    const { file, packets } = await webmOf()
    const source = await openAudio(inParts(file))
    if (source.kind !== 'opus') throw new TypeError('WebM is Opus here')
    expect(source).to.include({ channels: 1, preSkip: 312, packetSamples: 960 })
    expect((await all(source.packets())).map(packet => packet.data)).to.deep.equal(packets.map(packet => packet.data))
  })

  it('keeps its time where packets are missing', async () => {
    const { file } = await webmOf(index => index < 30 || index >= 50)
    const damages: AudioDamage[] = []
    const pcm = joinPcm(await all(pcmOf(await openAudio(file, { onDamage: damage => damages.push(damage) })).read()))
    expect(pcm.length).to.be.within(speech.length, speech.length + 960)
    expect(damages.map(damage => damage.kind)).to.deep.equal(['gap'])
    // The decoder needs a moment after a gap.
    const { correlation, lagSamples } = correlate(speech.subarray(52_800), pcm.subarray(52_800))
    expect(correlation).to.be.above(0.9)
    expect(lagSamples).to.be.within(-6, 6)
  })

  it('that ends early is read as far as it goes, and the end is reported', async () => {
    const { file, packets } = await webmOf()
    const damages: AudioDamage[] = []
    const source = await openAudio(file.subarray(0, Math.floor(file.length * 0.6)), { onDamage: damage => damages.push(damage) })
    if (source.kind !== 'opus') throw new TypeError('WebM is Opus here')
    const read = await all(source.packets())
    expect(read.length).to.be.within(20, packets.length - 1)
    expect(damages.map(damage => damage.kind)).to.include('truncated')
  })

  it('that is only a beginning is a named error', async () => {
    const { file } = await webmOf()
    expect(await nameOf(async () => await openAudio(file.subarray(0, 20)))).to.equal('DamagedAudioError')
  })

  it('may have several packets in a block', () => {
    const [a, b, c] = [new Uint8Array(300).fill(1), Uint8Array.of(2, 2), Uint8Array.of(3, 3)]
    expect(unlace(Uint8Array.of(2, 255, 45, 2, ...a, ...b, ...c), 1, 0)).to.deep.equal([a, b, c])
    expect(unlace(Uint8Array.of(1, ...b, ...c), 2, 0)).to.deep.equal([b, c])
    // 300, then 298 less: 0x412c, 0x5ed5.
    expect(unlace(Uint8Array.of(2, 0x41, 0x2c, 0x5e, 0xd5, ...a, ...b, ...c), 3, 0)).to.deep.equal([a, b, c])
    expect(() => unlace(Uint8Array.of(9, 255), 1, 0)).to.throw().with.property('name', 'DamagedAudioError')
    expect(() => [...elements(Uint8Array.of(0xa3, 0x85, 0), 0)]).to.throw().with.property('name', 'DamagedAudioError')
  })

  it('with changed bytes is audio or a named error', async function () {
    this.timeout(60_000)
    const { file } = await webmOf(index => index < 12)
    const names = new Set<string>()
    for (let at = 0; at < file.length; at++) {
      const mutated = file.slice()
      mutated[at] = (mutated[at] ?? 0) ^ (1 << at % 8)
      names.add(await nameOf(async () => await all(pcmOf(await openAudio(mutated)).read())))
    }
    expect([...names]).to.have.members(['nothing', 'DamagedAudioError', 'UnsupportedAudioError'])
  })
})
