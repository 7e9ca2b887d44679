/** Converts samples from -1 to 1 to little-endian 16-bit bytes, clipping what is beyond. */
export function toS16 (samples: Float32Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < samples.length; index++) {
    const scaled = Math.round((samples[index] as number) * 32_768)
    view.setInt16(index * 2, scaled > 32_767 ? 32_767 : scaled < -32_768 ? -32_768 : scaled, true)
  }
  return bytes
}

/** Converts little-endian 16-bit bytes to samples from -1 to 1; an odd last byte is left out. */
export function fromS16 (bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const samples = new Float32Array(bytes.byteLength >> 1)
  for (let index = 0; index < samples.length; index++) samples[index] = view.getInt16(index * 2, true) / 32_768
  return samples
}
