import { expect } from 'chai'
import { createSeededRandom } from '@parley/core'
import { encodeOpus, oggOpusPages, openAudio, pcmOf, syntheticSpeech, wavBytes } from '../src/index.ts'
import { pageChecksum } from '../src/ogg/crc.ts'
import { all, joinBytes, sourceOf } from './fixtures.ts'

const NAMED = ['UnsupportedAudioError', 'DamagedAudioError']

/** Changes up to four bytes, or cuts the end; `fixed` makes the checksums right again, so that what is behind them is reached. */
function mutate (bytes: Uint8Array, seed: number, fixed: boolean): Uint8Array {
  const random = createSeededRandom(seed)
  const [kind = 0, count = 0, ...rest] = random(20)
  const mutated = bytes.slice(0, kind < 40 ? ((rest[16] ?? 0) * 256 + (rest[17] ?? 0)) % bytes.length : undefined)
  for (let index = 0; index < 1 + count % 4; index++) {
    const at = (rest[index * 4] ?? 0) * 256 + (rest[index * 4 + 1] ?? 0)
    // Half of the changes hit the first bytes, where the structure lies.
    const place = (rest[index * 4 + 2] ?? 0) < 128 ? at % 150 : at % mutated.length
    if (place < mutated.length) mutated[place] = rest[index * 4 + 3] ?? 0
  }
  return fixed ? withChecksums(mutated) : mutated
}

function withChecksums (file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer)
  for (let at = 0; at + 27 <= file.length && view.getUint32(at) === 0x4f67_6753;) {
    const lacing = file.subarray(at + 27, at + 27 + (file[at + 26] ?? 0))
    const size = 27 + lacing.length + lacing.reduce((sum, length) => sum + length, 0)
    if (at + size > file.length) break
    view.setUint32(at + 22, pageChecksum(file.subarray(at, at + size)), true)
    at += size
  }
  return file
}

async function survives (file: Uint8Array): Promise<'audio' | 'error'> {
  try {
    let samples = 0
    for await (const block of pcmOf(await openAudio(file, { onDamage () {} })).read()) samples += block.length
    expect(samples).to.be.at.least(0)
    return 'audio'
  } catch (error) {
    expect(NAMED, String(error)).to.include((error as Error).name)
    return 'error'
  }
}

describe('files with changed bytes', function () {
  this.timeout(60_000)
  const speech = syntheticSpeech({ durationMs: 120 })

  it('are audio or a named error, 5,000 of WAV', async () => {
    const file = wavBytes(speech.subarray(0, 2_000), { sampleRateHz: 44_100, channels: 1 })
    const seen = { audio: 0, error: 0 }
    for (let seed = 0; seed < 5_000; seed++) seen[await survives(mutate(file, seed, false))]++
    expect(seen.audio).to.be.above(100)
    expect(seen.error).to.be.above(100)
  })

  it('are audio or a named error, 5,000 of Ogg Opus', async () => {
    const file = joinBytes(await all(oggOpusPages(encodeOpus(sourceOf(speech, { sampleRateHz: 48_000, channels: 1 })), { pageSamples: 1_920 })))
    const seen = { audio: 0, error: 0 }
    for (let seed = 0; seed < 5_000; seed++) seen[await survives(mutate(file, seed, seed % 4 !== 0))]++
    expect(seen.audio).to.be.above(100)
    expect(seen.error).to.be.above(100)
  })
})
