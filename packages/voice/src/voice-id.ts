import { InvalidArgumentError, type RandomBytes } from '@parley/core'
import { toString } from 'uint8arrays'
import { VOICE_ID_BYTES, VOICE_KEY_BYTES } from './limits.ts'

/** Returns a new random voice id and the key its segments are sealed with. */
export function createVoiceKey (components: { random: RandomBytes }): { voice: Uint8Array, key: Uint8Array } {
  return { voice: components.random(VOICE_ID_BYTES), key: components.random(VOICE_KEY_BYTES) }
}

/**
 * Writes a voice id as 32 hexadecimal digits, as keys of a store and logs have it.
 *
 * @throws {InvalidArgumentError} when it has not 16 bytes
 */
export function voiceName (voice: Uint8Array): string {
  if (voice.byteLength !== VOICE_ID_BYTES) throw new InvalidArgumentError(`A voice id has ${VOICE_ID_BYTES} bytes, not ${voice.byteLength}`)
  return toString(voice, 'base16')
}

/** Associated data of segment `index`: the voice id and four bytes of the index, big-endian. */
export function segmentAad (voice: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const aad = new Uint8Array(VOICE_ID_BYTES + 4)
  aad.set(voice)
  new DataView(aad.buffer).setUint32(VOICE_ID_BYTES, index)
  return aad
}

/** Associated data of the manifest: the index that no segment has. */
export function manifestAad (voice: Uint8Array): Uint8Array<ArrayBuffer> {
  return segmentAad(voice, 0xffffffff)
}
