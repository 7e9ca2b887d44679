import { cidOf, encodeCanonical, RAW, sha256 } from '@parley/core'
import { sealFile } from '../../src/files/index.ts'
import { createDagBuilder, type DagBlock } from '../../src/files/dag-builder.ts'
import { DAG_PB } from '../../src/files/limits.ts'
import type { FileFrame } from '../../src/files/frames.ts'
import type { FileFields } from '../../src/files/file-schema.ts'
import { KEY, PNG } from './samples.ts'

/** The sizes whose files are frozen: about a chunk, and about more. */
export const SIZES = [0, 1, 5, 262_127, 262_128, 262_129, 600_000, 1_048_576]

/** The content of the frozen files: each byte is its place modulo 251. */
export function frozenContent (sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_none, index) => index % 251)
}

/** Seals the frozen content under the key of 32 bytes 09. */
export async function frozenFile (sizeBytes: number) {
  const content = frozenContent(sizeBytes)
  const builder = createDagBuilder()
  const blocks: DagBlock[] = []
  for await (const { sealed } of sealFile([content], KEY)) blocks.push(...builder.leaf(sealed))
  const { blocks: last, root } = builder.finish()
  return { root, sha256: sha256(content), blocks: [...blocks, ...last] }
}

const root = cidOf(Uint8Array.of(1), DAG_PB)
export const FIELDS: FileFields = { name: 'Fähre.png', mediaType: 'image/png', sizeBytes: 600_000, root, key: KEY, sha256: sha256(Uint8Array.of(2)), thumbnail: { mediaType: 'image/png', bytes: PNG, width: 32, height: 24 } }
export const FIELD_BYTES = encodeCanonical(FIELDS)

/** One frame of each type. */
export const fileFrames: Record<string, FileFrame> = {
  offer: { v: 1, type: 'offer', conversation: cidOf(Uint8Array.of(3)), action: cidOf(Uint8Array.of(4)), root, sizeBytes: 600_000, card: null },
  'offer with a card': { v: 1, type: 'offer', conversation: cidOf(Uint8Array.of(3)), action: cidOf(Uint8Array.of(4)), root: cidOf(Uint8Array.of(5), RAW), sizeBytes: 0, card: Uint8Array.of(1, 2, 3) },
  opened: { v: 1, type: 'opened', have: 17 },
  block: { v: 1, type: 'block', bytes: new Uint8Array(40).fill(6) },
  ack: { v: 1, type: 'ack', have: 33 },
  refuse: { v: 1, type: 'refuse', error: 'NotAllowedError', message: 'there is no room left' }
}
