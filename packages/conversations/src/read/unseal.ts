import { UndecryptableError, decryptContent } from '@parley/identity'
import type { ParsedAction } from '../format/parse-action.ts'
import { sealingContext } from '../format/sealing-context.ts'

/** Opens the seal of an action with one of the keys of its epoch; undefined when none of them does. */
export function unseal (keys: Uint8Array[], { bytes, authorAt, conversationAt, seq, sealed }: ParsedAction): Uint8Array | undefined {
  if (keys.length === 0) return undefined
  const context = sealingContext(bytes.subarray(conversationAt, conversationAt + 32), bytes.subarray(authorAt, authorAt + 32), seq)
  for (const key of keys) {
    try {
      return decryptContent(key, sealed, context)
    } catch (error) {
      if (!(error instanceof UndecryptableError)) throw error
    }
  }
  return undefined
}
