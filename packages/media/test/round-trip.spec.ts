import { expect } from 'chai'
import { correlate, decodeOpus, encodeOpus, oggOpusPages, openAudio, pcmOf, readOggOpus, syntheticSpeech, wavBytes, resample, type AudioSource } from '../src/index.ts'
import { all, inParts, joinBytes, joinPcm, sine, sourceOf, totalSamples } from './fixtures.ts'

async function roundTrip (source: AudioSource, channels: 1 | 2 = 1): Promise<Float32Array> {
  const encoded = encodeOpus(source, {}, { channels })
  const file = joinBytes(await all(oggOpusPages(encoded, { channels, preSkip: encoded.preSkip })))
  return joinPcm(await all(pcmOf(await openAudio(inParts(file))).read()))
}

describe('speech that is encoded, written as Ogg Opus and decoded', () => {
  for (const sampleRateHz of [8_000, 16_000, 22_050, 44_100, 48_000, 96_000]) {
    it(`has its length and place at ${sampleRateHz} Hz`, async () => {
      const durationMs = 2_345
      const speech = syntheticSpeech({ durationMs, seed: 7, sampleRateHz })
      const decoded = await roundTrip(await openAudio(wavBytes(speech, { sampleRateHz, channels: 1 })))
      expect(decoded.length).to.equal(Math.round(speech.length * 48_000 / sampleRateHz))
      const { correlation, lagSamples } = correlate(resample(speech, sampleRateHz, 48_000), decoded)
      expect(correlation).to.be.above(0.95)
      expect(Math.abs(lagSamples)).to.be.at.most(6)
    })
  }

  it('has its exact length whatever that is', async () => {
    for (const length of [1, 119, 647, 648, 649, 959, 960, 961, 1_608, 1_609, 48_000]) {
      expect((await roundTrip(sourceOf(syntheticSpeech({ durationMs: 1000 }).subarray(0, length), { sampleRateHz: 48_000, channels: 1 }))).length).to.equal(length)
    }
  })

  it('keeps two channels apart', async () => {
    const left = sine(440, 48_000, 500)
    const right = sine(1_000, 48_000, 500)
    const both = Float32Array.from({ length: left.length * 2 }, (_, index) => (index % 2 === 0 ? left : right)[index >> 1] ?? 0)
    const decoded = await roundTrip(sourceOf(both, { sampleRateHz: 48_000, channels: 2 }), 2)
    expect(decoded.length).to.equal(both.length)
    expect(correlate(left, decoded.filter((_, index) => index % 2 === 0)).correlation).to.be.above(0.95)
    expect(correlate(right, decoded.filter((_, index) => index % 2 === 1)).correlation).to.be.above(0.95)
  })

  it('mixes stereo to one channel', async () => {
    const speech = syntheticSpeech({ durationMs: 1_000, seed: 3 })
    const both = Float32Array.from({ length: speech.length * 2 }, (_, index) => speech[index >> 1] ?? 0)
    expect(correlate(speech, await roundTrip(sourceOf(both, { sampleRateHz: 48_000, channels: 2 }))).correlation).to.be.above(0.95)
  })

  it('is nothing when there was nothing', async () => {
    expect(await all(encodeOpus(sourceOf(new Float32Array(0), { sampleRateHz: 48_000, channels: 1 })))).to.deep.equal([])
  })

  it('uses few bytes for silence when asked to', async () => {
    const pcm = new Float32Array(48_000 * 2)
    const bytes = async (dtx: boolean): Promise<number> => (await all(encodeOpus(sourceOf(pcm, { sampleRateHz: 48_000, channels: 1 }), {}, { dtx }))).reduce((sum, packet) => sum + packet.data.length, 0)
    expect(await bytes(true)).to.be.below(await bytes(false))
  })
})

describe('a source that is Opus already', () => {
  it('is passed on unchanged', async () => {
    const packets = await all(encodeOpus(sourceOf(syntheticSpeech({ durationMs: 730 }), { sampleRateHz: 48_000, channels: 1 })))
    const file = joinBytes(await all(oggOpusPages(packets)))
    expect(await all(encodeOpus(await readOggOpus(file)))).to.deep.equal(packets)
  })

  it('is encoded anew when its packets are not of 20 ms or the channels differ', async () => {
    const speech = syntheticSpeech({ durationMs: 500 })
    const stereo = encodeOpus(sourceOf(speech, { sampleRateHz: 48_000, channels: 1 }), {}, { channels: 2 })
    const file = joinBytes(await all(oggOpusPages(stereo, { channels: 2 })))
    const encoded = encodeOpus(await readOggOpus(file))
    const packets = await all(encoded)
    expect(totalSamples(packets) - encoded.preSkip).to.equal(speech.length)
    expect(packets.every(packet => ((packet.data[0] ?? 0) & 4) === 0)).to.equal(true)
  })
})

describe('packets that were lost or damaged', () => {
  it('are concealed for their time', async () => {
    const speech = syntheticSpeech({ durationMs: 1_000, seed: 5 })
    const packets = await all(encodeOpus(sourceOf(speech, { sampleRateHz: 48_000, channels: 1 })))
    const damages: string[] = []
    const broken = packets.map((packet, index) => index === 10 ? { ...packet, data: new Uint8Array(0) } : index === 20 ? { ...packet, data: Uint8Array.of(0xff, 0xff, 0xff) } : packet)
    const pcm = joinPcm(await all(decodeOpus(broken, {}, { onDamage: damage => damages.push(damage.kind) })))
    expect(pcm.length).to.equal(speech.length)
    expect(damages).to.deep.equal(['packet'])
    expect(correlate(speech, pcm).correlation).to.be.above(0.8)
  })
})
