import { InvalidArgumentError } from '@parley/core'

/** Rates that are converted; others are no audio. */
export const MIN_RATE_HZ = 1_000
export const MAX_RATE_HZ = 384_000

/** Zero crossings of the sinc on each side: with the window below, 90 dB beyond a transition of 9 % of the lower rate. */
const HALF_WIDTH = 32
/** Kaiser's shape parameter for some 90 dB of stop-band attenuation (Oppenheim & Schafer, section 7.5.3). */
const KAISER_BETA = 9
/** The pass band's edge in the middle of the transition, so that nothing folds back. */
const CUTOFF = 0.91

/** Converts one channel from rate to rate, block by block. */
export interface Resampler {
  /** Returns the samples that can be computed so far. */
  add(samples: Float32Array): Float32Array
  /** Returns the rest: in all, the input's length times the ratio of the rates, rounded. */
  end(): Float32Array
}

/**
 * Creates a band-limited converter: a Kaiser-windowed sinc evaluated at the
 * phases of the ratio of the rates. Output sample n lies exactly at the time
 * n / `toHz` of the input: nothing is delayed.
 */
export function createResampler (fromHz: number, toHz: number): Resampler {
  for (const rate of [fromHz, toHz]) {
    if (!Number.isInteger(rate) || rate < MIN_RATE_HZ || rate > MAX_RATE_HZ) throw new InvalidArgumentError(`A sample rate is a whole number from ${MIN_RATE_HZ} to ${MAX_RATE_HZ}, not ${rate}`)
  }
  if (fromHz === toHz) return { add: samples => samples, end: () => new Float32Array(0) }
  const divisor = greatestCommonDivisor(fromHz, toHz)
  const up = toHz / divisor
  const down = fromHz / divisor
  const phaseOf = createPhases(up, Math.min(1, toHz / fromHz))
  const half = Math.ceil(HALF_WIDTH * Math.max(1, fromHz / toHz))
  // Input kept for the filter; it begins with silence, as what is before the first sample.
  let kept: Float32Array = new Float32Array(half)
  let keptFrom = -half
  let taken = 0
  let made = 0
  const compute = (until: number): Float32Array => {
    const output = new Float32Array(Math.max(0, until - made))
    for (let index = 0; index < output.length; index++, made++) {
      const position = made * down
      const centre = Math.floor(position / up)
      output[index] = convolve(phaseOf(position - centre * up), kept, centre - half + 1 - keptFrom)
    }
    return output
  }
  const append = (samples: Float32Array): void => {
    // What lies before the next output's window is not needed again.
    const drop = Math.max(0, Math.min(kept.length, Math.floor(made * down / up) - half + 1 - keptFrom))
    const next = new Float32Array(kept.length - drop + samples.length)
    next.set(kept.subarray(drop))
    next.set(samples, kept.length - drop)
    kept = next
    keptFrom += drop
  }
  return {
    add (samples) {
      append(samples)
      taken += samples.length
      // Output n needs input up to floor(n * down / up) + half.
      return compute(Math.max(made, Math.ceil((taken - half) * up / down)))
    },
    end () {
      // Rounding up may put the last output past the input's end.
      append(new Float32Array(half + Math.ceil(down / up) + 1))
      return compute(Math.round(taken * up / down))
    }
  }
}

/** Converts a whole channel at once. */
export function resample (samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  const resampler = createResampler(fromHz, toHz)
  const head = resampler.add(samples)
  const tail = resampler.end()
  if (tail.length === 0) return head
  const all = new Float32Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}

function convolve (taps: Float64Array, input: Float32Array, from: number): number {
  let sum = 0
  for (let index = 0; index < taps.length; index++) sum += (taps[index] as number) * (input[from + index] as number)
  return sum
}

/** Returns the filter's taps for a phase of 0 to `up` - 1, computed when it is first asked for. */
function createPhases (up: number, ratio: number): (phase: number) => Float64Array {
  const phases = new Map<number, Float64Array>()
  const half = Math.ceil(HALF_WIDTH / ratio)
  return phase => {
    const known = phases.get(phase)
    if (known !== undefined) return known
    const taps = new Float64Array(half * 2)
    let sum = 0
    for (let index = 0; index < taps.length; index++) {
      const distance = index - half + 1 - phase / up
      const tap = CUTOFF * ratio * sinc(distance * CUTOFF * ratio) * kaiser(distance / half)
      taps[index] = tap
      sum += tap
    }
    // Each phase passes a constant unchanged: otherwise they would ripple against each other.
    for (let index = 0; index < taps.length; index++) taps[index] = (taps[index] as number) / sum
    phases.set(phase, taps)
    return taps
  }
}

function sinc (x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function kaiser (x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA)
}

/** The modified Bessel function of the first kind and order zero, by its power series. */
function bessel (x: number): number {
  let term = 1
  let sum = 1
  for (let index = 1; term > sum * 1e-12; index++) {
    term *= (x / (2 * index)) ** 2
    sum += term
  }
  return sum
}

function greatestCommonDivisor (a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
