import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { BufferSource, EncodedPacketSink, Input, OGG } from 'mediabunny'
import { correlate, decodeOpus, encodeOpus, oggOpusPages, openAudio, packetDuration, pcmOf, readOggOpus, syntheticSpeech, type AudioDamage, type OpusPacket } from '../src/index.ts'
import { all, inParts, joinBytes, joinPcm, nameOf, sharedVector, sourceOf, totalSamples } from './fixtures.ts'

const speech = syntheticSpeech({ durationMs: 3_210, seed: 11 })

async function speechPackets (): Promise<OpusPacket[]> {
  return await all(encodeOpus(sourceOf(speech, { sampleRateHz: 48_000, channels: 1 })))
}

async function oggOf (packets: OpusPacket[], init = {}): Promise<Uint8Array> {
  return joinBytes(await all(oggOpusPages(packets, init)))
}

/** Ten-millisecond CELT packets with any content, and the shapes of code 3. */
const packetBytes = fc.oneof(
  fc.uint8Array({ minLength: 0, maxLength: 1275 }).map(data => Uint8Array.of(31 << 3, ...data)),
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 300 })).map(([count, length]) => Uint8Array.of((31 << 3) | 3, count, ...new Uint8Array(count * length)))
)

describe('packets written as Ogg pages', () => {
  it('come back the same, whatever they are and however the pages arrive', async () => {
    await fc.assert(fc.asyncProperty(fc.array(packetBytes, { minLength: 1, maxLength: 40 }), fc.nat({ max: 959 }), fc.integer({ min: 960, max: 96_000 }), async (datas, trim, pageSamples) => {
      const packets = datas.map(data => ({ data, samples: packetDuration(data) ?? 0 }))
      const last = packets.at(-1)
      if (last !== undefined) last.samples -= Math.min(trim, last.samples - 1)
      const file = await oggOf(packets, { pageSamples })
      const source = await readOggOpus(inParts(file, [11, 500, 70_000]))
      expect(await all(source.packets())).to.deep.equal(packets)
      expect((await readOggOpus(file)).durationMs).to.equal(Math.max(0, totalSamples(packets) - 312) / 48)
    }), { numRuns: 50 })
  })

  it('are read the same by an independent reader', async () => {
    const packets = await speechPackets()
    const input = new Input({ source: new BufferSource(new Uint8Array(await oggOf(packets))), formats: [OGG] })
    const track = await input.getPrimaryAudioTrack()
    if (track === null) throw new TypeError('no track')
    expect(await track.getCodec()).to.equal('opus')
    const read = await all(new EncodedPacketSink(track).packets())
    expect(read.map(packet => Buffer.from(packet.data).toString('hex'))).to.deep.equal(packets.map(packet => Buffer.from(packet.data).toString('hex')))
  })

  it('give no warning of opusinfo, with gaps and trim', async function () {
    const folder = await mkdtemp(join(tmpdir(), 'parley-ogg-'))
    try {
      const packets = await speechPackets()
      packets.splice(50, 10, { data: new Uint8Array(0), samples: 9_600 })
      const path = join(folder, 'speech.opus')
      await writeFile(path, await oggOf(packets, { comments: ['TITLE=Guten Morgen'] }))
      const { stdout } = await promisify(execFile)('opusinfo', [path]).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        console.log('      opusinfo is not installed (package opus-tools): not checked with it')
        return { stdout: undefined }
      })
      if (stdout === undefined) { this.skip(); return }
      expect(stdout).to.not.match(/warning|error/i)
      // It cuts the milliseconds off after computing them with a rounding error.
      expect(stdout).to.match(/Playback length: 0m:03\.(209|210)s/)
      expect(stdout).to.contain('TITLE=Guten Morgen')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('fill a gap with packets that a decoder conceals, in time', async () => {
    const packets = await speechPackets()
    const whole = totalSamples(packets)
    const gappy = [...packets.slice(0, 40), { data: new Uint8Array(0), samples: 4_800 + 50 }, { data: new Uint8Array(0), samples: 4_800 - 50 }, ...packets.slice(50)]
    const read = await all((await readOggOpus(await oggOf(gappy))).packets())
    expect(totalSamples(read)).to.equal(whole)
    expect(read.filter(packet => packet.data.length === 1).length).to.be.at.least(10)
    const pcm = joinPcm(await all(decodeOpus(read)))
    expect(pcm.length).to.equal(speech.length)
    expect(correlate(speech, pcm)).to.include({ lagSamples: correlate(speech, joinPcm(await all(decodeOpus(packets)))).lagSamples })
  })

  it('refuse what is no Opus', async () => {
    expect(await nameOf(async () => await oggOf([{ data: Uint8Array.of(0xff, 0xff), samples: 960 }]))).to.equal('InvalidBytesError')
    expect(await nameOf(async () => await oggOf([{ data: new Uint8Array(0), samples: 1e12 }]))).to.equal('InvalidArgumentError')
  })
})

describe('an Ogg Opus file', () => {
  it('that ends early is read as far as it goes, and the end is reported', async () => {
    const packets = await speechPackets()
    const file = await oggOf(packets)
    const damages: AudioDamage[] = []
    const read = await all((await readOggOpus(inParts(file.subarray(0, file.length - 100)), { onDamage: damage => damages.push(damage) })).packets())
    expect(read).to.deep.equal(packets.slice(0, read.length))
    expect(read.length).to.be.above(100)
    expect(damages.map(damage => damage.kind)).to.deep.equal(['truncated'])
  })

  it('that lacks a page has its time all the same', async () => {
    const packets = await speechPackets()
    const pages = await all(oggOpusPages(packets))
    const damages: AudioDamage[] = []
    const source = await readOggOpus(joinBytes([...pages.slice(0, 3), ...pages.slice(4)]), { onDamage: damage => damages.push(damage) })
    expect(totalSamples(await all(source.packets()))).to.equal(totalSamples(packets))
    expect(damages.map(damage => damage.kind)).to.deep.equal(['gap'])
  })

  it('with a damaged page names the byte where that begins', async () => {
    const pages = await all(oggOpusPages(await speechPackets()))
    const file = joinBytes(pages)
    const offset = joinBytes(pages.slice(0, 3)).length
    file[offset + 500] = (file[offset + 500] ?? 0) ^ 1
    const source = await readOggOpus(file)
    const error = await all(source.packets()).then(() => undefined, (failure: Error & { offset?: number }) => failure)
    expect(error).to.include({ name: 'DamagedAudioError', offset })
  })

  it('may be a chain, whose parts have their own lengths', async () => {
    const packets = await speechPackets()
    const chain = joinBytes([await oggOf(packets), await oggOf(packets, { serial: 2 })])
    const pcm = joinPcm(await all(pcmOf(await openAudio(chain)).read()))
    expect(pcm.length).to.equal(2 * speech.length)
    expect(correlate(speech, pcm.subarray(speech.length)).correlation).to.be.above(0.95)
    expect(correlate(speech, pcm.subarray(speech.length)).lagSamples).to.be.within(-6, 6)
  })

  it('may begin anywhere in a longer recording', async () => {
    const packets = await speechPackets()
    const pages = await all(oggOpusPages(packets))
    const headers = pages.slice(0, 2)
    const cut = joinBytes([...headers, ...pages.slice(3)])
    // The missing page is seen by its number and filled, for nothing says where the recording began.
    expect(totalSamples(await all((await readOggOpus(cut)).packets()))).to.be.at.most(totalSamples(packets))
  })

  it('of another codec is named', async () => {
    const file = await oggOf([])
    file.set(new TextEncoder().encode('\x01vorbis'), 28)
    const { pageChecksum } = await import('../src/ogg/crc.ts')
    new DataView(file.buffer).setUint32(22, pageChecksum(file.subarray(0, 47)), true)
    const error = await readOggOpus(file).then(() => undefined, (failure: Error & { seen?: string }) => failure)
    expect(error).to.include({ name: 'UnsupportedAudioError', seen: 'an Ogg file of Vorbis' })
  })

  it('of six channels is decoded', async function () {
    const path = sharedVector('sample.opus')
    if (path === undefined) {
      console.log('      sample.opus is not beside the repository: not read')
      this.skip()
      return
    }
    const damages: AudioDamage[] = []
    const source = await openAudio(await readFile(path), { onDamage: damage => damages.push(damage) })
    if (source.kind !== 'pcm') throw new TypeError('several streams are PCM')
    const pcm = joinPcm(await all(source.read()))
    expect(source.format).to.deep.equal({ sampleRateHz: 48_000, channels: 6 })
    expect(pcm.length / 6 / 48).to.be.closeTo(source.durationMs ?? 0, 1)
    expect(pcm.some(sample => Math.abs(sample) > 0.01)).to.equal(true)
    // Its last page is not marked as such.
    expect(damages.map(damage => damage.kind)).to.deep.equal(['truncated'])
  })
})
