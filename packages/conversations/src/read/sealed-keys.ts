import type { Logger } from '@parley/core'
import { didFromPublicKey, type SealingKey } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { KeyCopy } from '../format/key-copy.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import { sealingContext } from '../format/sealing-context.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { KEY_PURPOSE, decodeKeys, type EpochKey } from './keyring.ts'

/** A secret with which sealed copies of keys are opened, and the name that such copies bear. */
export interface Opener {
  /** The 32 bytes of the copy's `device`: a device's key, or a person's where it is sealed to their recovery key. */
  readonly publicKey: Uint8Array
  readonly sealing: Pick<SealingKey, 'open'>
  /** Returns the one-time key of this id, while its secret is there. */
  readonly preKey?: ((id: Uint8Array) => Promise<Pick<SealingKey, 'open'> | undefined>) | undefined
}

/** Tells whether an action hands keys to one of the openers. */
export function isSealedTo (openers: readonly Opener[], { keys = [] }: ParsedAction): boolean {
  return keys.some(copy => openerOf(openers, copy) !== undefined)
}

/** What was in a sealed copy for us. */
export interface OpenedCopy {
  /** The id of the one-time key it was sealed to. */
  preKey: Uint8Array | undefined
  keys: EpochKey[]
}

/**
 * Opens the copies of keys in an action that are for us; a copy that does not
 * open is logged and left out. One whose one-time key is gone is left out
 * quietly: what was in it was kept before the secret went.
 */
export async function openCopies ({ openers, logger }: { openers: readonly Opener[], logger: Logger }, { keys = [], bytes, authorAt, conversationAt, seq }: ParsedAction): Promise<OpenedCopy[]> {
  const conversation = bytes.subarray(conversationAt, conversationAt + 32)
  const author = bytes.subarray(authorAt, authorAt + 32)
  const opened: OpenedCopy[] = []
  for (const copy of keys) {
    const opener = openerOf(openers, copy)
    if (opener === undefined) continue
    const sealing = copy.prekey === undefined ? opener.sealing : await opener.preKey?.(copy.prekey)
    if (sealing === undefined) continue
    try {
      opened.push({ preKey: copy.prekey?.slice(), keys: decodeKeys(await sealing.open(KEY_PURPOSE, copy, sealingContext(conversation, author, seq))) })
    } catch (error) {
      logger.warn('a key that was sealed to us does not open', { conversation: cidOfHash(conversation.slice()).toString(), author: didFromPublicKey(author), reason: (error as Error).message })
    }
  }
  return opened
}

/** Returns the keys in the copies that `openCopies` opens. */
export async function openKeys (components: { openers: readonly Opener[], logger: Logger }, action: ParsedAction): Promise<EpochKey[]> {
  return (await openCopies(components, action)).flatMap(({ keys }) => keys)
}

function openerOf (openers: readonly Opener[], { device }: KeyCopy): Opener | undefined {
  return openers.find(({ publicKey }) => equals(publicKey, device))
}
