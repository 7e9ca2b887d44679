import { sha256 } from '@parley/core'
import type { IndexDocument } from './types.ts'

/** Numbers that stand for documents in segments: 48 bits, which a float holds. */
export interface DocumentNumbers {
  /** Stands for a document within its group. */
  id(id: string): number
  /** Changes with what the document says. */
  print(document: IndexDocument): number
}

/** Creates the numbering. With a secret, since authors choose ids and could look for two with one number. */
export function createDocumentNumbers (secret: Uint8Array): DocumentNumbers {
  const encoder = new TextEncoder()
  const numberOf = (text: string): number => {
    const bytes = encoder.encode(text)
    const input = new Uint8Array(secret.length + bytes.length)
    input.set(secret)
    input.set(bytes, secret.length)
    const hash = sha256(input)
    return new DataView(hash.buffer, hash.byteOffset).getUint32(0) * 0x10000 + new DataView(hash.buffer, hash.byteOffset).getUint16(4)
  }
  return {
    id: numberOf,
    print: ({ kind, message, author, time, fields }) => numberOf(JSON.stringify([kind, message, author, time, fields]))
  }
}
