/**
 * Mixes interleaved PCM to one or two channels: to one by the mean of all; to
 * two by taking stereo as it is and spreading anything else to both sides.
 */
export function mixTo (channels: 1 | 2, pcm: Float32Array, from: number): Float32Array {
  if (from === channels) return pcm
  const frames = Math.floor(pcm.length / from)
  const output = new Float32Array(frames * channels)
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    for (let channel = 0; channel < from; channel++) sum += pcm[frame * from + channel] as number
    output.fill(sum / from, frame * channels, (frame + 1) * channels)
  }
  return output
}

/** Takes one channel out of interleaved PCM. */
export function channelOf (pcm: Float32Array, channels: number, index: number): Float32Array {
  if (channels === 1) return pcm
  const output = new Float32Array(Math.floor(pcm.length / channels))
  for (let frame = 0; frame < output.length; frame++) output[frame] = pcm[frame * channels + index] as number
  return output
}

/** Puts channels of equal length together. */
export function interleave (parts: Float32Array[]): Float32Array {
  const [first] = parts
  if (first === undefined || parts.length === 1) return first ?? new Float32Array(0)
  const output = new Float32Array(first.length * parts.length)
  for (const [channel, part] of parts.entries()) {
    for (let frame = 0; frame < part.length; frame++) output[frame * parts.length + channel] = part[frame] as number
  }
  return output
}
