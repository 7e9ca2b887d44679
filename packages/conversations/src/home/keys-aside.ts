import type { Change, RandomBytes, Store } from '@parley/core'
import { decryptContent, encryptContent } from '@parley/identity'
import type { EpochKey } from '../read/keyring.ts'

/** Keys of conversations on this device alone, for while there is no vault to put them in; sealed under its storage key. */
export interface KeysAside {
  /** Returns the change that keeps a key under the name it will have in the vault. */
  put(name: string, key: Uint8Array): Change
  /** Returns the keys of a conversation. */
  of(conversation: string): Promise<EpochKey[]>
  /** Returns the changes that delete the keys of a conversation. */
  forget(conversation: string): Promise<Change[]>
}

const PREFIX = '/vault/aside/'

export function createKeysAside ({ store, random }: { store: Store, random: RandomBytes }, { storageKey }: { storageKey: Uint8Array }): KeysAside {
  return {
    put: (name, key) => ({ type: 'put', key: PREFIX + name, value: encryptContent(storageKey, key, placeOf(PREFIX + name), random) }),
    async of (conversation) {
      const keys: EpochKey[] = []
      for await (const { key: place, value } of store.entries(`${PREFIX}${conversation}/`)) {
        keys.push({ epoch: Number(place.slice(PREFIX.length).split('/')[1]), key: decryptContent(storageKey, value, placeOf(place)) })
      }
      return keys
    },
    async forget (conversation) {
      const changes: Change[] = []
      for await (const { key } of store.entries(`${PREFIX}${conversation}/`)) changes.push({ type: 'delete', key })
      return changes
    }
  }
}

function placeOf (key: string): Uint8Array {
  return new TextEncoder().encode(key)
}
