import { CID, decodeCanonical } from '@parley/core'
import { createSealingKey, decryptContent } from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import type { DiskPiece } from './disk-search.ts'

/** Something sealed that was found on a disk, with all that a thief with the right key needs. */
interface Sealed { kind: 'segment' | 'manifest' | 'action' | 'key copy', where: string, open(key: Uint8Array): Promise<Uint8Array> }

export interface BreakIn {
  /** Things found, by kind. */
  sealed: Record<Sealed['kind'], number>
  /** How many different keys were tried on each. */
  keys: number
  opened: Array<{ kind: Sealed['kind'], where: string, plain: Uint8Array }>
}

/**
 * Tries to open everything sealed in `pieces` with every key on the disk: the
 * secrets of its key files, whatever has the length of a key in its values,
 * and, again and again, what was found inside of what opened.
 */
export async function breakSeals (pieces: DiskPiece[], keyFolders: string[]): Promise<BreakIn> {
  const sealed = pieces.filter(({ where }) => /^(value of|block) /.test(where)).flatMap(findSealed)
  const keys = new Map<string, Uint8Array>()
  const learn = (found: Uint8Array[]): Uint8Array[] => found.filter(key => {
    const name = Buffer.from(key).toString('hex')
    return !keys.has(name) && keys.set(name, key) !== undefined
  })
  let fresh = learn([...await keyFiles(keyFolders), ...pieces.flatMap(({ bytes }) => keyShaped(bytes))])
  const opened: BreakIn['opened'] = []
  const closed = new Set(sealed)
  while (fresh.length > 0) {
    const found: Uint8Array[] = []
    for (const thing of closed) {
      for (const key of fresh) {
        const plain = await thing.open(key).catch(() => undefined)
        if (plain === undefined) continue
        opened.push({ kind: thing.kind, where: thing.where, plain })
        closed.delete(thing)
        found.push(...keyShaped(plain), ...conversationKeys(thing, plain))
        break
      }
    }
    // What is closed has been tried with all the keys but those just found.
    fresh = learn(found)
  }
  const count = (kind: Sealed['kind']): number => sealed.filter(thing => thing.kind === kind).length
  return { sealed: { segment: count('segment'), manifest: count('manifest'), action: count('action'), 'key copy': count('key copy') }, keys: keys.size, opened }
}

async function keyFiles (folders: string[]): Promise<Uint8Array[]> {
  const secrets: Uint8Array[] = []
  for (const folder of folders) {
    const store = createFileKeyStore(folder)
    for (const name of await store.list()) {
      const secret = await store.get(name)
      if (secret?.length === 32) secrets.push(secret)
    }
  }
  return secrets
}

/** Every CBOR byte string of 32 bytes, wherever it stands. */
function keyShaped (bytes: Uint8Array): Uint8Array[] {
  const keys: Uint8Array[] = []
  for (let at = 0; at + 34 <= bytes.length; at++) if (bytes[at] === 0x58 && bytes[at + 1] === 32) keys.push(bytes.slice(at + 2, at + 34))
  return keys
}

/** A key copy holds entries of a 4-byte epoch and a key. */
function conversationKeys ({ kind }: Sealed, plain: Uint8Array): Uint8Array[] {
  if (kind !== 'key copy' || plain.length % 36 !== 0) return []
  return Array.from({ length: plain.length / 36 }, (_none, index) => plain.slice(index * 36 + 4, (index + 1) * 36))
}

function findSealed ({ where, bytes }: DiskPiece): Sealed[] {
  const value = decoded(bytes)
  const signed = Array.isArray(value) && value.length === 2 ? value[0] as unknown : value
  if (typeof signed !== 'object' || signed === null) return []
  const { sealed, voice, index, segments, conversation, author, seq, keys } = signed as Record<string, unknown>
  if (!(sealed instanceof Uint8Array)) return []
  const content = (kind: Sealed['kind'], aad: Uint8Array): Sealed => ({ kind, where, open: async key => decryptContent(key, sealed, aad) })
  if (voice instanceof Uint8Array && typeof index === 'number') return [content('segment', voiceContext(voice, index))]
  if (voice instanceof Uint8Array && Array.isArray(segments)) return [content('manifest', voiceContext(voice, 0xffffffff))]
  const id = CID.asCID(conversation)
  if (id === null || !(author instanceof Uint8Array) || typeof seq !== 'number') return []
  const context = actionContext(id, author, seq)
  const copies = Array.isArray(keys) ? keys as Array<{ enc: Uint8Array, ct: Uint8Array }> : []
  return [
    content('action', context),
    ...copies.map((copy): Sealed => ({ kind: 'key copy', where, open: async key => await (await createSealingKey(key)).open('conversation-key', copy, context) }))
  ]
}

function decoded (bytes: Uint8Array): unknown {
  try {
    return decodeCanonical('a value of a store', bytes, 1 << 24)
  } catch {
    return undefined
  }
}

/** Associated data as docs/specs/0006-voice.md has it. */
function voiceContext (voice: Uint8Array, index: number): Uint8Array {
  const context = Buffer.alloc(20)
  context.set(voice)
  context.writeUInt32BE(index, 16)
  return context
}

/** Associated data as docs/specs/0003-action.md has it. */
function actionContext (conversation: CID, author: Uint8Array, seq: number): Uint8Array {
  const context = Buffer.alloc(76)
  context.set(conversation.bytes)
  context.set(author, 36)
  context.writeUInt32BE(seq, 72)
  return context
}
