import { MAX_MANIFEST_PEAKS } from './limits.ts'

/**
 * Joins the loudness values of all segments; when there are more than `most`,
 * neighbours are merged two by two, the louder one staying, until they fit.
 * Each value then stands for an equal share of the message.
 */
export function joinPeaks (parts: readonly Uint8Array[], most: number = MAX_MANIFEST_PEAKS): Uint8Array<ArrayBuffer> {
  let peaks = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    peaks.set(part, at)
    at += part.byteLength
  }
  while (peaks.byteLength > most) {
    const whole = peaks
    peaks = new Uint8Array(Math.ceil(whole.byteLength / 2))
    for (let index = 0; index < peaks.byteLength; index++) peaks[index] = Math.max(whole[index * 2] ?? 0, whole[index * 2 + 1] ?? 0)
  }
  return peaks
}
