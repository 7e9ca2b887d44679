import { createFft } from './fft.ts'
import { OPUS_RATE_HZ } from './audio.ts'

/** How alike two signals are, and how far apart. */
export interface Correlation {
  /** From 0 to 1, at the best lag; 0 when one of them is silent or they are alike nowhere. */
  correlation: number
  /** Positive when `b` comes later than `a`. */
  lagMs: number
  lagSamples: number
}

/**
 * Finds the lag at which two mono signals are most alike: normalised
 * cross-correlation over the part where they overlap, in blocks by FFT, so
 * that time grows with the length and not with the length times the lags.
 */
export function correlate (a: Float32Array, b: Float32Array, { maxLagMs = 500, sampleRateHz = OPUS_RATE_HZ }: {
  /** @default 500 */
  maxLagMs?: number
  /** @default 48000 */
  sampleRateHz?: number
} = {}): Correlation {
  const longest = Math.max(a.length, b.length)
  const maxLag = Math.min(Math.round(maxLagMs * sampleRateHz / 1000), Math.max(0, longest - 1))
  const sums = crossSums(a, b, maxLag)
  const energyA = energies(a)
  const energyB = energies(b)
  // Short overlaps are alike by chance; their energy is held against half of the whole.
  const least = 0.5 * Math.sqrt((energyA[a.length] ?? 0) * (energyB[b.length] ?? 0))
  let best: Correlation = { correlation: 0, lagMs: 0, lagSamples: 0 }
  for (let lag = -maxLag; lag <= maxLag; lag++) {
    const from = Math.max(0, -lag)
    const until = Math.min(a.length, b.length - lag)
    if (until <= from) continue
    const inA = (energyA[until] ?? 0) - (energyA[from] ?? 0)
    const inB = (energyB[until + lag] ?? 0) - (energyB[from + lag] ?? 0)
    const energy = Math.max(Math.sqrt(inA * inB), least)
    const correlation = energy === 0 ? 0 : (sums[lag + maxLag] ?? 0) / energy
    if (correlation > best.correlation) best = { correlation: Math.min(1, correlation), lagMs: lag * 1000 / sampleRateHz, lagSamples: lag }
  }
  return best
}

/** Sums of squares up to each sample. */
function energies (signal: Float32Array): Float64Array {
  const sums = new Float64Array(signal.length + 1)
  for (let index = 0; index < signal.length; index++) sums[index + 1] = (sums[index] as number) + (signal[index] as number) ** 2
  return sums
}

/** Returns the sum over n of a[n] * b[n + lag] for each lag from -maxLag to maxLag. */
function crossSums (a: Float32Array, b: Float32Array, maxLag: number): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(Math.max(1024, 4 * maxLag + 2)))
  const step = size - 2 * maxLag
  const fft = createFft(size)
  const totalRe = new Float64Array(size)
  const totalIm = new Float64Array(size)
  for (let start = 0; start < a.length; start += step) {
    // One transform for two real signals: `a` as its real part, `b` as its imaginary one.
    const re = new Float64Array(size)
    const im = new Float64Array(size)
    re.set(a.subarray(start, start + step))
    const from = start - maxLag
    im.set(b.subarray(Math.max(0, from), Math.max(0, from + size)), Math.max(0, -from))
    fft(re, im)
    addProduct(re, im, totalRe, totalIm)
  }
  // The inverse transform is the forward one with the parts exchanged.
  fft(totalIm, totalRe)
  return totalRe.subarray(0, 2 * maxLag + 1).map(sum => sum / size)
}

/** Separates the spectra A and B of the two packed signals and adds conj(A) * B. */
function addProduct (re: Float64Array, im: Float64Array, totalRe: Float64Array, totalIm: Float64Array): void {
  const mask = re.length - 1
  for (let k = 0; k <= mask; k++) {
    const mirror = (re.length - k) & mask
    const reK = re[k] as number
    const imK = im[k] as number
    const reM = re[mirror] as number
    const imM = im[mirror] as number
    const aRe = (reK + reM) / 2
    const aIm = (imK - imM) / 2
    const bRe = (imK + imM) / 2
    const bIm = (reM - reK) / 2
    totalRe[k] = (totalRe[k] as number) + aRe * bRe + aIm * bIm
    totalIm[k] = (totalIm[k] as number) + aRe * bIm - aIm * bRe
  }
}
