import { encodeCanonical } from '@parley/core'
import { SEALED_STEP_BYTES } from './limits.ts'

// encryptContent puts a nonce of 24 bytes before and a tag of 16 after.
const SEAL_OVERHEAD_BYTES = 40

/**
 * Encodes `content` with a `pad` field of zeros, so long that the sealed bytes
 * are a whole multiple of 512. A few lengths cannot be reached, as the head of
 * a byte string grows with it; those go to the next multiple.
 */
export function encodePadded (content: Record<string, unknown>): Uint8Array<ArrayBuffer> {
  const bare = encodeCanonical({ ...content, pad: new Uint8Array(0) })
  // Without the one-byte head of the empty string.
  const base = bare.byteLength - 1 + SEAL_OVERHEAD_BYTES
  for (let goal = Math.ceil((base + 1) / SEALED_STEP_BYTES) * SEALED_STEP_BYTES; ; goal += SEALED_STEP_BYTES) {
    const pad = padBytes(goal - base)
    if (pad !== undefined) return encodeCanonical({ ...content, pad: new Uint8Array(pad) })
  }
}

/** The length of a byte string that takes `totalBytes` with its head, if there is one. */
function padBytes (totalBytes: number): number | undefined {
  for (const headBytes of [1, 2, 3]) {
    const length = totalBytes - headBytes
    const needed = length < 24 ? 1 : length < 256 ? 2 : 3
    if (length >= 0 && needed === headBytes) return length
  }
  return undefined
}

/** Tells whether bytes are as long as a sealed content must be. */
export function isPaddedLength (byteLength: number): boolean {
  return byteLength > 0 && byteLength % SEALED_STEP_BYTES === 0
}
