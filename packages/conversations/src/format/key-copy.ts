import type { SealedCopy } from '@parley/identity'

/** Keys of a conversation, sealed to one device. */
export interface KeyCopy extends SealedCopy {
  /** The 8-byte id of the one-time key of the device that it is sealed to; without, it is the device's long-term key. */
  prekey?: Uint8Array
}

export const PRE_KEY_ID_BYTES = 8
