import { bytesSchema, createCodec, type CID, cidSchema, countSchema, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { fromString, toString } from 'uint8arrays'

/** Which message a number of the inbox stands for. */
export interface NumberedMessage {
  n: number
  conversation: CID
  /** Hex id of the message. */
  message: string
}

/** Gives each incoming message a number that it keeps on this device. */
export interface MessageNumbers {
  /** Returns the message's number, giving it the next one when it has none. */
  numberOf(conversation: CID, message: string): Promise<number>
  get(n: number): NumberedMessage | undefined
}

const codec = createCodec('inbox number', z.strictObject({
  v: z.literal(1),
  conversation: cidSchema,
  message: bytesSchema({ exactBytes: 16 }),
  n: countSchema()
}), { maxBytes: 256 })

const PREFIX = '/inbox/'

/** Reads the numbers given so far. */
export async function openMessageNumbers (store: Store): Promise<MessageNumbers> {
  const byNumber = new Map<number, NumberedMessage>()
  const byMessage = new Map<string, number>()
  for await (const { value } of store.entries(PREFIX)) {
    const { n, conversation, message } = codec.decode(value)
    const entry = { n, conversation, message: toString(message, 'hex') }
    byNumber.set(n, entry)
    byMessage.set(entry.message, n)
  }
  // Numbers are given one after the other even when two arrivals are told at once.
  let giving: Promise<unknown> = Promise.resolve()
  const give = async (conversation: CID, message: string): Promise<number> => {
    const known = byMessage.get(message)
    if (known !== undefined) return known
    const n = byNumber.size + 1
    const bytes = new Uint8Array(fromString(message, 'hex'))
    await store.commit([{ type: 'put', key: `${PREFIX}${message}`, value: codec.encode({ v: 1, conversation, message: bytes, n }) }])
    byNumber.set(n, { n, conversation, message })
    byMessage.set(message, n)
    return n
  }
  return {
    async numberOf (conversation, message) {
      const given = giving.then(async () => await give(conversation, message))
      giving = given.catch(() => {})
      return await given
    },
    get: n => byNumber.get(n)
  }
}
