import { InvalidArgumentError, createSeededRandom } from '@parley/core'

/** Formants of five vowels in Hz (after Peterson & Barney 1952, men's averages). */
const VOWELS = [[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240]] as const
/** Centres of the noise of unvoiced sounds, in Hz. */
const FRICATIVES = [2_500, 3_800, 5_200] as const
const BANDWIDTHS_HZ = [80, 110, 160] as const

/**
 * Makes mono PCM that codecs and detectors take for speech: voiced segments of
 * pitched pulses through moving formants, unvoiced noise, and pauses. Equal
 * arguments give equal samples.
 */
export function syntheticSpeech ({ durationMs, seed = 1, sampleRateHz = 48_000 }: {
  durationMs: number
  /** @default 1 */
  seed?: number
  /** @default 48000 */
  sampleRateHz?: number
}): Float32Array {
  if (!(durationMs >= 0) || !(sampleRateHz >= 8_000)) throw new InvalidArgumentError('Speech has a duration of 0 ms or more, at 8000 Hz or more')
  const output = new Float32Array(Math.round(durationMs * sampleRateHz / 1000))
  const random = createUnitRandom(seed)
  const voice: Voice = { output, sampleRateHz, random, pulse: 0, baseHz: 95 + 90 * random() }
  for (let at = 0; at < output.length;) {
    const kind = random()
    const seconds = kind < 0.62 ? 0.09 + 0.2 * random() : kind < 0.82 ? 0.05 + 0.09 * random() : 0.08 + 0.3 * random()
    const until = Math.min(output.length, at + Math.round(seconds * sampleRateHz))
    if (kind < 0.62) addVowel(voice, at, until)
    else if (kind < 0.82) addFricative(voice, at, until)
    at = until
  }
  return scaled(output, 0.5)
}

interface Voice {
  output: Float32Array
  sampleRateHz: number
  random: () => number
  /** Phase within one period of the pitch, 0 to 1. */
  pulse: number
  baseHz: number
}

function addVowel (voice: Voice, from: number, until: number): void {
  const { output, sampleRateHz, random } = voice
  const pick = (): readonly number[] => VOWELS[Math.floor(random() * VOWELS.length)] ?? VOWELS[0]
  const start = pick()
  const end = pick()
  const resonators = BANDWIDTHS_HZ.map(bandwidth => createResonator(bandwidth, sampleRateHz))
  const loudness = 0.4 + 0.6 * random()
  const rise = 0.85 + 0.35 * random()
  for (let at = from; at < until; at++) {
    const part = (at - from) / (until - from)
    voice.pulse += voice.baseHz * (1 + (rise - 1) * part) / sampleRateHz
    // The glottis opens once a period, with a little breath between.
    const opened = voice.pulse >= 1
    if (opened) voice.pulse -= 1
    const source = (opened ? 1 : 0) + 0.004 * (random() - 0.5)
    let sum = 0
    for (const [index, resonator] of resonators.entries()) {
      const frequency = (start[index] ?? 0) * (1 - part) + (end[index] ?? 0) * part
      sum += resonator(source, frequency) / (index + 1)
    }
    output[at] = sum * loudness * envelope(part)
  }
}

function addFricative ({ output, sampleRateHz, random }: Voice, from: number, until: number): void {
  const centre = Math.min(FRICATIVES[Math.floor(random() * FRICATIVES.length)] ?? 0, sampleRateHz * 0.4)
  const resonator = createResonator(1_200, sampleRateHz)
  for (let at = from; at < until; at++) {
    output[at] = 0.12 * resonator(random() - 0.5, centre) * envelope((at - from) / (until - from))
  }
}

/** Rises and falls smoothly over a segment. */
function envelope (part: number): number {
  return Math.min(1, Math.sin(Math.PI * part) * 1.6)
}

/** A resonance of two poles (Klatt 1980), of equal gain at its centre whatever its frequency. */
function createResonator (bandwidthHz: number, sampleRateHz: number): (input: number, frequencyHz: number) => number {
  const radius = Math.exp(-Math.PI * bandwidthHz / sampleRateHz)
  let last = 0
  let beforeLast = 0
  return (input, frequencyHz) => {
    const angle = 2 * Math.PI * frequencyHz / sampleRateHz
    const value = input * Math.sin(angle) + 2 * radius * Math.cos(angle) * last - radius * radius * beforeLast
    beforeLast = last
    last = value
    return value
  }
}

function scaled (samples: Float32Array, peak: number): Float32Array {
  const largest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  return largest === 0 ? samples : samples.map(sample => sample * peak / largest)
}

/** Numbers from 0 to 1, drawn in blocks: a call of the generator for each would be slow. */
function createUnitRandom (seed: number): () => number {
  const random = createSeededRandom(seed)
  let words = new Uint32Array(0)
  let at = 0
  return () => {
    if (at === words.length) {
      words = new Uint32Array(random(4096).slice().buffer)
      at = 0
    }
    return (words[at++] ?? 0) / 2 ** 32
  }
}
