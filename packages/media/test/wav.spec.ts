import { expect } from 'chai'
import { openAudio, rawPcm, wavBytes, type AudioDamage, type AudioSource } from '../src/index.ts'
import { all, chunk, inParts, joinBytes, joinPcm, nameOf, sine, wavFile } from './fixtures.ts'

const SAMPLES = [0, 0.5, -0.5, 0.25, -1]

async function pcmOfWav (bytes: Uint8Array, damages: AudioDamage[] = []): Promise<number[]> {
  const source = await openAudio(inParts(bytes), { onDamage: damage => damages.push(damage) })
  if (source.kind !== 'pcm') throw new TypeError('a WAV file is PCM')
  return [...joinPcm(await all(source.read()))]
}

function encoded (bits: number, float = false): Uint8Array {
  const data = Buffer.alloc(SAMPLES.length * bits / 8)
  for (const [index, sample] of SAMPLES.entries()) {
    const at = index * bits / 8
    if (float && bits === 32) data.writeFloatLE(sample, at)
    else if (float) data.writeDoubleLE(sample, at)
    else if (bits === 8) data.writeUInt8(128 + sample * 128, at)
    else data.writeIntLE(sample * 2 ** (bits - 1), at, bits / 8)
  }
  return data
}

describe('a WAV file', () => {
  for (const bits of [8, 16, 24, 32]) {
    it(`of ${bits}-bit PCM is read`, async () => {
      expect(await pcmOfWav(wavFile({ tag: 1, bits, data: encoded(bits) }))).to.deep.equal(SAMPLES)
      expect(await pcmOfWav(wavFile({ tag: 1, bits, data: encoded(bits), extensible: true }))).to.deep.equal(SAMPLES)
    })
  }

  for (const bits of [32, 64]) {
    it(`of ${bits}-bit float is read, also when it is extensible`, async () => {
      expect(await pcmOfWav(wavFile({ tag: 3, bits, data: encoded(bits, true) }))).to.deep.equal(SAMPLES)
      expect(await pcmOfWav(wavFile({ tag: 3, bits, data: encoded(bits, true), extensible: true }))).to.deep.equal(SAMPLES)
    })
  }

  it('may have chunks of odd length before its samples', async () => {
    const before = [chunk('LIST', new Uint8Array(7)), chunk('odd ', Uint8Array.of(1))]
    expect(await pcmOfWav(wavFile({ tag: 1, bits: 16, data: encoded(16), before }))).to.deep.equal(SAMPLES)
  })

  for (const size of [0, 0xffff_ffff]) {
    it(`that was streamed, with a size of ${size}, is read to its end`, async () => {
      const damages: AudioDamage[] = []
      expect(await pcmOfWav(wavFile({ tag: 1, bits: 16, data: encoded(16), size }), damages)).to.deep.equal(SAMPLES)
      expect(damages).to.deep.equal([])
    })
  }

  it('of more than 4 GiB names its size in ds64', async () => {
    const ds64 = Buffer.alloc(28)
    ds64.writeBigUInt64LE(10n, 8)
    const file = wavFile({ tag: 1, bits: 16, data: joinBytes([encoded(16), encoded(16)]), before: [chunk('ds64', ds64)], size: 0xffff_ffff })
    file.set(Buffer.from('RF64'))
    expect(await pcmOfWav(file)).to.deep.equal(SAMPLES)
  })

  it('that ends early is read as far as it goes, and the end is reported', async () => {
    const damages: AudioDamage[] = []
    const file = wavBytes(sine(440, 8_000, 100), { sampleRateHz: 8_000, channels: 1 })
    const pcm = await pcmOfWav(file.subarray(0, 44 + 401), damages)
    expect(pcm.length).to.equal(200)
    expect(damages).to.have.length(1)
    expect(damages[0]).to.include({ kind: 'truncated', offset: 445 })
  })

  it('says how long it is', async () => {
    expect((await openAudio(wavBytes(sine(440, 44_100, 250), { sampleRateHz: 44_100, channels: 1 }))).durationMs).to.be.closeTo(250, 0.02)
  })

  it('with numbers that are none has silence there', async () => {
    const data = Buffer.alloc(12)
    data.writeFloatLE(NaN, 0)
    data.writeFloatLE(Infinity, 4)
    expect(await pcmOfWav(wavFile({ tag: 3, bits: 32, data }))).to.deep.equal([0, 16, 0])
  })
})

describe('a file that is not taken', () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const cases: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(0), 'an empty file'],
    ['an MP3 file', text('ID3\x04 and more bytes'), 'an MP3 file'],
    ['an MP4 file', text('\0\0\0\x20ftypM4A \0\0'), 'an MP4 file'],
    ['a FLAC file', text('fLaC and more bytes'), 'a FLAC file'],
    ['text', text('hello, this is no audio'), 'no audio file that is known (its first bytes are 68 65 6c 6c, it is called talk.txt)'],
    ['WAV of µ-law', wavFile({ tag: 7, bits: 8, data: new Uint8Array(4) }), 'a WAV file of µ-law'],
    ['WAV of 12 bits', wavFile({ tag: 1, bits: 12, data: new Uint8Array(4) }), 'a WAV file of 12-bit PCM']
  ]
  for (const [what, bytes, seen] of cases) {
    it(`says so by name: ${what}`, async () => {
      const error = await openAudio(bytes, { hint: 'talk.txt' }).then((_source: AudioSource) => undefined, (failure: Error & { seen?: string }) => failure)
      expect(error).to.include({ name: 'UnsupportedAudioError', seen })
      expect(error?.message).to.contain('what is taken: WAV')
    })
  }

  it('names the byte where a damaged one stops making sense', async () => {
    const file = wavFile({ tag: 1, bits: 16, data: new Uint8Array(4) })
    file[32] = 9
    const error = await openAudio(file).then(() => undefined, (failure: Error & { offset?: number }) => failure)
    expect(error).to.include({ name: 'DamagedAudioError', offset: 12 })
    expect(await nameOf(async () => await openAudio(file.subarray(0, 10)))).to.equal('DamagedAudioError')
    expect(await nameOf(async () => await openAudio(file.subarray(0, 20)))).to.equal('DamagedAudioError')
  })
})

describe('raw PCM', () => {
  it('is read however it arrives, without a cut last sample', async () => {
    const data = joinBytes([encoded(16), encoded(16), Uint8Array.of(1)])
    const source = rawPcm(inParts(data, [1, 2, 3]), { sampleRateHz: 16_000, channels: 2 })
    expect([...joinPcm(await all(source.read()))]).to.deep.equal([...SAMPLES, ...SAMPLES])
  })

  it('needs a format that makes sense', () => {
    expect(() => rawPcm(inParts(new Uint8Array(0)), { sampleRateHz: 0, channels: 1 })).to.throw().with.property('name', 'InvalidArgumentError')
    expect(() => rawPcm(inParts(new Uint8Array(0)), { sampleRateHz: 8_000, channels: 0 })).to.throw().with.property('name', 'InvalidArgumentError')
  })
})
