import { equals } from 'uint8arrays'
import type { EpochKey } from '../read/keyring.ts'

/** What a host's device knows of a conversation with a guest. */
export interface HostFacts {
  /** The conversation's keys that this device has. */
  keys: readonly EpochKey[]
  /** The newest epoch of the conversation. */
  newest: number
  /** Whether the host may write in it. */
  mayWrite: boolean
  /** Whether the guest is in it, openly. */
  isOpen: boolean
  /** Whether the guest log lets the guest read now. */
  isGuest: boolean
  /** What the guest log handed on so far, and from which epoch on. */
  handed: readonly EpochKey[]
  since: number
}

export type HostDeed =
  /** These keys are to be handed on. */
  | { type: 'hand-on', keys: EpochKey[] }
  /** The guest became a participant; the guest log has to end. */
  | { type: 'let-go' }
  /** The guest is none any more and has the newest key. */
  | { type: 'renew' }
  | { type: 'nothing' }

/** Decides what a host's device has to do: by what the logs hold alone, so that all of the host's devices come to the same, and what is done is not done again. */
export function decide ({ keys, newest, mayWrite, isOpen, isGuest, handed, since }: HostFacts): HostDeed {
  if (isGuest && isOpen) return { type: 'let-go' }
  if (isGuest) {
    const missing = keys.filter(({ epoch, key }) => epoch >= since && !handed.some(one => one.epoch === epoch && equals(one.key, key)))
    return missing.length > 0 ? { type: 'hand-on', keys: missing } : { type: 'nothing' }
  }
  const hasNewest = handed.some(({ epoch }) => epoch === newest)
  return hasNewest && mayWrite && !isOpen ? { type: 'renew' } : { type: 'nothing' }
}
