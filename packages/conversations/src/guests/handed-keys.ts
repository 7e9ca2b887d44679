import { compare, equals } from 'uint8arrays'
import type { CID } from '@parley/core'
import type { ShareConversation } from '../actions/index.ts'
import type { EpochKey, Keyring } from '../read/keyring.ts'
import type { LogReader } from '../read/log-reader.ts'

/** Keys of one epoch that a host may make a guest keep; two devices may begin one epoch at once. */
const MAX_PER_EPOCH = 4
/** Keys of one action: some 55 bytes each. */
export const MAX_SHARED_KEYS = 1000

/** Returns the keys of a conversation that a guest log handed on; its reader has caught up. */
export function handedKeys (reader: LogReader, conversation: CID): { keys: EpochKey[], since: number } {
  // What has no effect is known once the state was made.
  reader.draft()
  const keys: EpochKey[] = []
  let since = 0
  for (const { content, ignored } of reader.entries) {
    if (content?.verb !== 'share' || ignored !== undefined || !content.conversation.equals(conversation)) continue
    since = content.since
    for (const one of content.keys) {
      const ofEpoch = keys.filter(({ epoch }) => epoch === one.epoch)
      if (ofEpoch.length < MAX_PER_EPOCH && !ofEpoch.some(({ key }) => equals(key, one.key))) keys.push(one)
    }
  }
  return { keys, since }
}

/** Returns what hands keys on, in as few actions as they fit in. */
export function sharesOf (conversation: CID, since: number, keys: readonly EpochKey[]): ShareConversation[] {
  const sorted = [...keys].sort((a, b) => a.epoch - b.epoch || compare(a.key, b.key))
  const contents: ShareConversation[] = []
  for (let at = 0; at < sorted.length; at += MAX_SHARED_KEYS) {
    contents.push({ verb: 'share', thing: 'conversation', conversation, since, keys: sorted.slice(at, at + MAX_SHARED_KEYS) })
  }
  return contents
}

export function keysIn (keyring: Keyring): EpochKey[] {
  return keyring.epochs().flatMap(epoch => keyring.keys(epoch).map(key => ({ epoch, key })))
}
