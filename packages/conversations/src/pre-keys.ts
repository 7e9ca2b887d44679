import type { Did, SealingKey } from '@parley/identity'

/** One-time keys: those of others to which keys of conversations are sealed, and the secrets of our own. */
export interface PreKeys {
  /**
   * Returns a key for each of these devices for which there is one, and never
   * gives it out again, whatever becomes of this process: what is sealed to it
   * a second time may not be opened. Asks nobody over the network.
   */
  take(devices: Did[]): Promise<Map<Did, { id: Uint8Array, key: Uint8Array }>>
  /** Returns the key of an own secret that is still there. */
  open(id: Uint8Array): Promise<Pick<SealingKey, 'open'> | undefined>
  /** Told once what was sealed to these keys of ours is kept otherwise, on the disk itself: their secrets may go. */
  used(ids: Uint8Array[]): Promise<void>
}
