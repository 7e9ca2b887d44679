import { ClassicLevel } from 'classic-level'
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'

/** Signatures that are checked: one an author. */
const AUTHORS = 10

/**
 * Measures, in milliseconds, the bare work of a durable copy of `blocks` that
 * are in memory already: hash each, check one signature an author, write one
 * flushed LevelDB batch.
 */
export async function measureLimit (blocks: Uint8Array[], folder: string): Promise<number> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signed = Buffer.alloc(300)
  const signature = sign(null, signed, privateKey)
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' })
  await level.open()
  const startedMs = performance.now()
  const batch = blocks.map(value => ({ type: 'put' as const, key: createHash('sha256').update(value).digest(), value }))
  for (let author = 0; author < AUTHORS; author++) verify(null, signed, publicKey, signature)
  await level.batch(batch, { sync: true })
  const wallMs = performance.now() - startedMs
  await level.close()
  return wallMs
}
