import { bytesSchema, cidSchema, createCodec, type CID, type Store } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import { toString } from 'uint8arrays'
import * as z from 'zod/mini'

/** A recording that its addressee's keeper does not have in full yet. */
export interface OutboxEntry {
  voice: Uint8Array
  conversation: CID
  to: Did
  /** The 16 bytes of the call it was spoken in. */
  call: Uint8Array
}

/** A message whose log entry says that it is being spoken. */
export interface SpeakingEntry {
  conversation: CID
  /** 16 bytes each. */
  message: Uint8Array
  voice: Uint8Array
}

/** What this device spoke and still has to bring to somebody; survives kills. */
export interface Outbox {
  put(entry: OutboxEntry): Promise<void>
  drop(voice: Uint8Array): Promise<void>
  entries(): AsyncGenerator<OutboxEntry>
  /** Marks a message that is announced and not closed yet. */
  markSpeaking(entry: SpeakingEntry): Promise<void>
  dropSpeaking(message: Uint8Array): Promise<void>
  speaking(): AsyncGenerator<SpeakingEntry>
}

const VOICES = '/parley/outbox/'
const SPEAKING = '/parley/speaking/'

const codec = createCodec('outbox entry', z.strictObject({
  v: z.literal(1),
  voice: bytesSchema({ exactBytes: 16 }),
  conversation: cidSchema,
  to: bytesSchema({ exactBytes: 32 }),
  call: bytesSchema({ exactBytes: 16 })
}), { maxBytes: 512 })

const speakingCodec = createCodec('speaking mark', z.strictObject({
  v: z.literal(1),
  conversation: cidSchema,
  message: bytesSchema({ exactBytes: 16 }),
  voice: bytesSchema({ exactBytes: 16 })
}), { maxBytes: 256 })

export function createOutbox ({ store }: { store: Store }): Outbox {
  const voiceKey = (voice: Uint8Array): string => `${VOICES}${toString(voice, 'hex')}`
  return {
    async put ({ voice, conversation, to, call }) {
      const value = codec.encode({ v: 1, voice: new Uint8Array(voice), conversation, to: new Uint8Array(publicKeyFromDid(to)), call: new Uint8Array(call) })
      await store.commit([{ type: 'put', key: voiceKey(voice), value }])
    },
    async drop (voice) {
      await store.commit([{ type: 'delete', key: voiceKey(voice) }])
    },
    async * entries () {
      for await (const { value } of store.entries(VOICES)) {
        const { voice, conversation, to, call } = codec.decode(value)
        yield { voice, conversation, to: didFromPublicKey(to), call }
      }
    },
    async markSpeaking ({ conversation, message, voice }) {
      const value = speakingCodec.encode({ v: 1, conversation, message: new Uint8Array(message), voice: new Uint8Array(voice) })
      await store.commit([{ type: 'put', key: `${SPEAKING}${toString(message, 'hex')}`, value }], { durable: true })
    },
    async dropSpeaking (message) {
      await store.commit([{ type: 'delete', key: `${SPEAKING}${toString(message, 'hex')}` }])
    },
    async * speaking () {
      for await (const { value } of store.entries(SPEAKING)) {
        const { conversation, message, voice } = speakingCodec.decode(value)
        yield { conversation, message, voice }
      }
    }
  }
}
