import { createCodec, type Change, type CID, type Codec, type Logger, type RandomBytes, type Store } from '@parley/core'
import { decryptContent, encryptContent, type Did } from '@parley/identity'
import * as z from 'zod/mini'

/** What people were told of a message. */
export interface Told {
  /** How it stood; absent where that was nothing to tell. */
  state?: 'recording' | 'complete' | 'cut-off' | undefined
  /** Who played it, and whether to its end. */
  played: Record<Did, boolean>
}

/** Remembers over restarts what people were told of, so that no start has to look at what there was. */
export interface ToldMarks {
  /** Returns what was told of the messages of a conversation, by their ids. */
  of(conversation: CID): Promise<Map<string, Told>>
  put(conversation: CID, told: ReadonlyMap<string, Told>): Promise<void>
}

const PREFIX = '/parley/told/'
const codec: Codec<Told & { v: 1 }> = createCodec<Told & { v: 1 }>('what was told of a message', z.strictObject({
  v: z.literal(1),
  state: z.optional(z.enum(['recording', 'complete', 'cut-off'])),
  played: z.record(z.string().check(z.maxLength(256)), z.boolean())
}), { maxBytes: 64 * 1024 })

/** Creates the marks kept in a store, sealed under a key of this device. */
export function createToldMarks ({ store, random, logger, storageKey }: { store: Store, random: RandomBytes, logger: Logger, storageKey: Uint8Array }): ToldMarks {
  const text = new TextEncoder()
  return {
    async of (conversation) {
      const prefix = `${PREFIX}${conversation.toString()}/`
      const told = new Map<string, Told>()
      for await (const { key, value } of store.entries(prefix)) {
        try {
          const { v: _version, ...mark } = codec.decode(decryptContent(storageKey, value, text.encode(key)))
          told.set(key.slice(prefix.length), mark)
        } catch (error) {
          // It is told once more.
          logger.warn('what was told of a message cannot be read', { key, error })
        }
      }
      return told
    },
    async put (conversation, told) {
      const changes = [...told].map(([message, { state, played }]): Change => {
        const key = `${PREFIX}${conversation.toString()}/${message}`
        const value = codec.encode({ v: 1, ...(state === undefined ? {} : { state }), played })
        return { type: 'put', key, value: encryptContent(storageKey, value, text.encode(key), random) }
      })
      if (changes.length > 0) await store.commit(changes)
    }
  }
}
