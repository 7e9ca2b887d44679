import { bytesSchema, countSchema, createCodec, createEmitter, type CID, type Codec, type Emitter, type Logger } from '@parley/core'
import * as z from 'zod/mini'
import { textSchema } from '../actions/content.ts'
import type { Home } from '../home/home.ts'
import { markedConversation } from '../private/mark-records.ts'
import type { AppendOptions } from '../types.ts'

/** The collection of the home log in which texts that were not sent are. */
export const TEXTS_COLLECTION = 'texts'

/** A text that somebody began to write in a conversation. */
export interface MessageDraft {
  /** At most 16,384 characters. */
  body: string
  format?: 'plain' | 'markdown' | undefined
  /** The 16-byte id of the message it answers. */
  parent?: Uint8Array | undefined
  /** What of the parent's body it is about, in UTF-16 units. */
  part?: { from: number, to: number } | undefined
}

export interface MessageDraftsEvents extends Record<string, unknown> {
  /** By this device or another of the person; without `draft` there is none any more. */
  changed: { conversation: CID, draft: MessageDraft | undefined }
}

/** What the person began to write: one text for each conversation, on all their devices; the later one counts. */
export interface MessageDrafts extends Emitter<MessageDraftsEvents> {
  get(conversation: CID): Promise<MessageDraft | undefined>
  /**
   * Keeps a text, or deletes it. Each call is an action in the home log: for
   * when somebody pauses, not for each letter.
   *
   * @throws {InvalidBytesError | OversizedBytesError} and the errors of `Home.put`
   */
  set(conversation: CID, draft: MessageDraft | undefined, options?: AppendOptions): Promise<void>
  /** Tells of nothing more. */
  stop(): void
}

/** The form of a record. */
export const textCodec: Codec<MessageDraft & { v: 1 }> = createCodec<MessageDraft & { v: 1 }>('text that was not sent', z.strictObject({
  v: z.literal(1),
  body: textSchema(16_384),
  format: z.optional(z.enum(['plain', 'markdown'])),
  parent: z.optional(bytesSchema({ exactBytes: 16 })),
  part: z.optional(z.strictObject({ from: countSchema(), to: countSchema() }))
}), { maxBytes: 48 * 1024 })

export function createMessageDrafts ({ home, logger: parent }: { home: Home, logger: Logger }): MessageDrafts {
  const logger = parent.child('message-drafts')
  const events = createEmitter<MessageDraftsEvents>(logger)
  const decode = (value: Uint8Array | undefined): MessageDraft | undefined => {
    if (value === undefined) return undefined
    try {
      const { v: _version, ...draft } = textCodec.decode(value)
      return draft
    } catch (error) {
      logger.warn('a text that was not sent cannot be read', { reason: (error as Error).message })
      return undefined
    }
  }
  const stop = home.on('changed', ({ collection, key, value }) => {
    const conversation = collection === TEXTS_COLLECTION ? markedConversation(key) : undefined
    if (conversation !== undefined) events.emit('changed', { conversation, draft: decode(value) })
  })
  return {
    on: events.on,
    stop,
    get: async conversation => decode(await home.get(TEXTS_COLLECTION, conversation.toString())),
    async set (conversation, draft, options) {
      const value = draft === undefined || draft.body === '' ? undefined : textCodec.encode(stripped({ v: 1, ...draft }))
      await home.put(TEXTS_COLLECTION, conversation.toString(), value, options)
    }
  }
}

/** Leaves out what is undefined, which DAG-CBOR cannot say. */
function stripped<T extends object> (value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}
