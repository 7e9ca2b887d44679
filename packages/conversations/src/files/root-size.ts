import { RAW, type CID } from '@parley/core'
import { createDagShape, isRootOf, sealedSize } from './dag-shape.ts'
import { fileSizeOf } from './dag-node.ts'
import { LEAF_BYTES, MAX_LEAVES, TAG_BYTES } from './limits.ts'

/** Returns the size of a file's plaintext by the root of the sealed file, for holders that nobody told it; undefined when this can be no such root. */
export function sizeOfRoot (root: CID, bytes: Uint8Array): number | undefined {
  const sealedBytes = root.code === RAW ? bytes.byteLength : fileSizeOf(bytes)
  if (sealedBytes === undefined || sealedBytes > MAX_LEAVES * LEAF_BYTES || !isRootOf(createDagShape(sealedBytes), root)) return undefined
  const sizeBytes = sealedBytes - TAG_BYTES * Math.max(1, Math.ceil(sealedBytes / LEAF_BYTES))
  return sizeBytes >= 0 && sealedSize(sizeBytes) === sealedBytes ? sizeBytes : undefined
}
