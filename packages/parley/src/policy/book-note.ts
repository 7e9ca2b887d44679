import { bytesSchema, cidSchema, countSchema, createCodec, sha256, type Codec } from '@parley/core'
import type { FrontierEntry } from '@parley/conversations'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import * as z from 'zod/mini'

/** What a book keeps of a conversation, for a start that does not read its log. */
export interface BookNote {
  creator: Did | undefined
  access: Did[]
  writers: Did[]
  /** As the log has it. */
  frontier: FrontierEntry[]
  /** 32 bytes, of for whom the writers were looked for: see `basisOf`. */
  basis: Uint8Array
}

const key = bytesSchema({ exactBytes: 32 })
const noteSchema = z.strictObject({
  v: z.literal(1),
  creator: z.nullable(key),
  access: z.array(key),
  writers: z.array(key),
  frontier: z.array(z.strictObject({ author: key, seq: countSchema(), cid: cidSchema })),
  basis: key
})
const codec: Codec<z.infer<typeof noteSchema>> = createCodec('note of a conversation', noteSchema, { maxBytes: 4 * 1024 * 1024 })

const keyOf = (did: Did): Uint8Array<ArrayBuffer> => new Uint8Array(publicKeyFromDid(did))

export function encodeBookNote ({ creator, access, writers, frontier, basis }: BookNote): Uint8Array {
  return codec.encode({
    v: 1,
    creator: creator === undefined ? null : keyOf(creator),
    access: access.map(keyOf),
    writers: writers.map(keyOf),
    frontier: frontier.map(({ author, seq, cid }) => ({ author: new Uint8Array(author), seq, cid })),
    basis: new Uint8Array(basis)
  })
}

/** @throws {InvalidBytesError | OversizedBytesError} */
export function decodeBookNote (bytes: Uint8Array): BookNote {
  const { creator, access, writers, frontier, basis } = codec.decode(bytes)
  return {
    creator: creator === null ? undefined : didFromPublicKey(creator),
    access: access.map(didFromPublicKey),
    writers: writers.map(didFromPublicKey),
    frontier,
    basis
  }
}

/** Names the persons answered for with their devices: with others, others may be writers. */
export function basisOf (persons: ReadonlyMap<Did, readonly Did[]>): Uint8Array {
  return sha256(new TextEncoder().encode([...persons].map(([device, owners]) => `${device} ${[...owners].sort().join()}`).sort().join('\n')))
}
