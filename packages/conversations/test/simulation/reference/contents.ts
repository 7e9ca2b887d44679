import * as dagCbor from '@ipld/dag-cbor'
import { decryptContent, type SealingKey } from '@parley/identity'
import type { CID } from '@parley/core'
import { hexOf, type PlainAction } from './blocks.ts'

/** What a sealed content says; checked by nothing. */
export type PlainContent = Record<string, unknown> & { verb: string, thing: string }

/** What somebody reads who has these sealing keys. */
export interface PlainReading {
  contents: Map<string, PlainContent>
  /** Keys by epoch. */
  keys: Map<number, Uint8Array[]>
}

/** Opens everything that opens with the sealing keys of some devices, by hex of the device. */
export async function readContents (conversation: CID, ordered: readonly PlainAction[], secrets: ReadonlyMap<string, Pick<SealingKey, 'open'>>): Promise<PlainReading> {
  const keys = new Map<number, Uint8Array[]>()
  for (const action of ordered) {
    for (const copy of action.keys) {
      const opened = await secrets.get(copy.device)?.open('conversation-key', copy, contextOf(conversation, action)).catch(() => undefined)
      for (let at = 0; opened !== undefined && at < opened.length; at += 36) addKey(keys, Buffer.from(opened).readUInt32BE(at), opened.slice(at + 4, at + 36))
    }
  }
  const contents = new Map<string, PlainContent>()
  for (const action of ordered) {
    const content = contentOf(conversation, action, keys.get(action.epoch) ?? [])
    if (content !== undefined) contents.set(action.name, content)
  }
  return { contents, keys }
}

function addKey (keys: Map<number, Uint8Array[]>, epoch: number, key: Uint8Array): void {
  const known = keys.get(epoch) ?? []
  if (!known.some(other => hexOf(other) === hexOf(key))) keys.set(epoch, [...known, key])
}

function contentOf (conversation: CID, action: PlainAction, keys: readonly Uint8Array[]): PlainContent | undefined {
  for (const key of keys) {
    try {
      return dagCbor.decode<PlainContent>(decryptContent(key, action.sealed, contextOf(conversation, action)))
    } catch {
      // Another key of the epoch, or what is no content.
    }
  }
  return undefined
}

/** The conversation's CID, the author, and the sequence number in eight bytes. */
export function contextOf (conversation: CID, { author, seq }: { author: Uint8Array, seq: number }): Uint8Array {
  const context = Buffer.alloc(76)
  context.set(conversation.bytes, 0)
  context.set(author, 36)
  context.writeBigUInt64BE(BigInt(seq), 68)
  return new Uint8Array(context)
}
