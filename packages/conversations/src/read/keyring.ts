import { InvalidBytesError } from '@parley/core'
import { equals } from 'uint8arrays'

/** What keys of a conversation are sealed for. */
export const KEY_PURPOSE = 'conversation-key'
/** Two devices may begin the same epoch at once; more keys than this are somebody's mischief. */
export const MAX_KEYS_PER_EPOCH = 8
const ENTRY_BYTES = 36

/** A key, and the epoch of its conversation in which contents are sealed with it. */
export interface EpochKey {
  epoch: number
  /** 32 bytes. */
  key: Uint8Array
}

/** The keys of a conversation that we have, and who else has each epoch's. In memory only. */
export interface Keyring {
  /** Returns the keys of an epoch, in the order in which we learned them. */
  keys(epoch: number): Uint8Array[]
  /** Returns the epochs of which there is a key. */
  epochs(): number[]
  /** Takes a key in and tells whether it is new. */
  add(epoch: number, key: Uint8Array): boolean
  /** Devices (`keyName` of their keys) to which keys of the epoch were sealed. */
  devices(epoch: number): Set<string>
  /** Returns the keys of an epoch and of those after it in the form in which they are sealed for a device that has none. */
  encode(from?: number): Uint8Array<ArrayBuffer>
}

export function createKeyring (): Keyring {
  const byEpoch = new Map<number, Uint8Array[]>()
  const devicesOf = new Map<number, Set<string>>()
  return {
    keys: epoch => byEpoch.get(epoch) ?? [],
    epochs: () => [...byEpoch.keys()],
    add (epoch, key) {
      const known = byEpoch.get(epoch) ?? []
      if (known.length >= MAX_KEYS_PER_EPOCH || known.some(other => equals(other, key))) return false
      byEpoch.set(epoch, [...known, key])
      return true
    },
    devices (epoch) {
      const known = devicesOf.get(epoch) ?? new Set()
      devicesOf.set(epoch, known)
      return known
    },
    encode: (from = 0) => encodeKeys([...byEpoch].filter(([epoch]) => epoch >= from).sort(([a], [b]) => a - b).flatMap(([epoch, keys]) => keys.map(key => ({ epoch, key }))))
  }
}

/** Writes keys as they are sealed: for each its epoch (4 bytes, big-endian) and its 32 bytes. */
export function encodeKeys (keys: EpochKey[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(keys.length * ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  keys.forEach(({ epoch, key }, index) => {
    view.setUint32(index * ENTRY_BYTES, epoch)
    bytes.set(key, index * ENTRY_BYTES + 4)
  })
  return bytes
}

/** @throws {InvalidBytesError} */
export function decodeKeys (bytes: Uint8Array): EpochKey[] {
  if (bytes.length === 0 || bytes.length % ENTRY_BYTES !== 0) throw new InvalidBytesError('list of conversation keys', 'their length is no multiple of 36')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / ENTRY_BYTES }, (_none, index) => ({
    epoch: view.getUint32(index * ENTRY_BYTES),
    key: bytes.slice(index * ENTRY_BYTES + 4, (index + 1) * ENTRY_BYTES)
  }))
}
