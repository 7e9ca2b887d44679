import { bytesSchema, cidSchema, createCodec, type AbortOptions, type CID, type Clock, type Logger, type Store } from '@parley/core'
import type { Conversations } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { equals, toString } from 'uint8arrays'
import * as z from 'zod/mini'
import { bringVoice } from './bring-voice.ts'
import { devicesWith } from './routes.ts'
import { spokenIn } from './spoken-messages.ts'

export interface OwnVoicesComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  clock: Clock
  logger: Logger
}

/**
 * Leaves what this device spoke with its person's own proxies as well, so that
 * another device of the person, or one that is restored, has what they said
 * themselves.
 */
export interface OwnVoices {
  /** Notes, durably, that a message has to reach our proxies. */
  due(conversation: CID, voice: Uint8Array): Promise<void>
  /** Tries what is due, of one conversation or all; what fails stays so. Returns early when there is nothing. */
  flush(options?: AbortOptions & { conversation?: CID }): Promise<void>
}

const PREFIX = '/parley/own-voice/'
const codec = createCodec('own voice due', z.strictObject({ v: z.literal(1), conversation: cidSchema, voice: bytesSchema({ exactBytes: 16 }) }), { maxBytes: 256 })

export function createOwnVoices (components: OwnVoicesComponents, person: Did): OwnVoices {
  const { store, people, conversations, clock, logger } = components
  const keyOf = (voice: Uint8Array): string => PREFIX + toString(voice, 'hex')

  /** True once every proxy of ours has it, or nobody ever will. */
  const bring = async (conversation: CID, voice: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> => {
    const spoken = (await spokenIn(conversations, conversation, { signal })).find(({ message }) => equals(message.voice.voice, voice))
    if (spoken === undefined || spoken.message.state === 'recording') return false
    const proxies = await devicesWith(people, person, 'proxy', clock.now())
    const brought = await Promise.all(proxies.map(async proxy => await bringVoice(components, spoken, proxy, { signal }).then(() => true, (error: unknown) => {
      signal?.throwIfAborted()
      logger.debug('a message of ours could not be left with our proxy yet', { proxy: proxy.device, error })
      return false
    })))
    // Who has no proxy yet keeps the mark for the first one.
    return proxies.length > 0 && brought.every(Boolean)
  }

  return {
    async due (conversation, voice) {
      await store.commit([{ type: 'put', key: keyOf(voice), value: codec.encode({ v: 1, conversation, voice: new Uint8Array(voice) }) }], { durable: true })
    },
    async flush ({ conversation: only, signal } = {}) {
      const waiting: Array<{ conversation: CID, voice: Uint8Array }> = []
      for await (const { value } of store.entries(PREFIX)) waiting.push(codec.decode(value))
      for (const { conversation, voice } of waiting) {
        if (only !== undefined && !only.equals(conversation)) continue
        signal?.throwIfAborted()
        if (await bring(conversation, voice, signal)) await store.commit([{ type: 'delete', key: keyOf(voice) }])
      }
    }
  }
}
