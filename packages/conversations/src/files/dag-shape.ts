import { RAW, type CID } from '@parley/core'
import { nodeBytesOf } from './dag-node.ts'
import { CHUNK_BYTES, DAG_PB, LEAF_BYTES, NODE_WIDTH, SHA2_256, TAG_BYTES } from './limits.ts'

/** A place in a file's DAG: leaves are level 0, places are counted from the left. */
export interface DagPlace { level: number, index: number }

/** What everybody knows of a place before its block is here. */
export interface DagPart extends DagPlace {
  /** Bytes of the sealed file under it. */
  fileBytes: number
  /** Bytes of all blocks under it, its own with them. */
  dagBytes: number
}

/**
 * The shape of a sealed file: a balanced UnixFS DAG with raw leaves of
 * `leafBytes` and `width` links a node. All of it but the hashes follows from
 * the size, so whatever a peer sends in its place either is exactly this or is
 * refused.
 */
export interface DagShape {
  readonly sealedBytes: number
  readonly leaves: number
  /** Levels above the leaves; 0 when the root is the only leaf. */
  readonly height: number
  /** Blocks in all. */
  readonly blocks: number
  part(place: DagPlace): DagPart
  /** The places that a node links to, from the left. */
  children(place: DagPlace): DagPart[]
  /** The leaves under a place: from `from`, before `to`. */
  leavesOf(place: DagPlace): { from: number, to: number }
}

/** Returns how many bytes a file has when it is sealed. */
export function sealedSize (sizeBytes: number): number {
  return sizeBytes + TAG_BYTES * Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES))
}

/** Returns the shape of a sealed file by the size of its plaintext. */
export function dagOf (sizeBytes: number): DagShape {
  return createDagShape(sealedSize(sizeBytes))
}

/** Returns the shape of `sealedBytes`; the format has but one leaf size and width. */
export function createDagShape (sealedBytes: number, { leafBytes = LEAF_BYTES, width = NODE_WIDTH }: { leafBytes?: number, width?: number } = {}): DagShape {
  const leaves = Math.max(1, Math.ceil(sealedBytes / leafBytes))
  let height = 0
  while (width ** height < leaves) height++
  // All but the last place of a level are alike.
  const full = new Map<number, number>()

  const leavesOf = ({ level, index }: DagPlace): { from: number, to: number } => {
    const span = width ** level
    return { from: index * span, to: Math.min((index + 1) * span, leaves) }
  }
  const fileBytesOf = (place: DagPlace): number => {
    const { from, to } = leavesOf(place)
    return Math.min(to * leafBytes, sealedBytes) - from * leafBytes
  }
  const children = ({ level, index }: DagPlace): DagPart[] => {
    if (level === 0) return []
    const { to } = leavesOf({ level, index })
    const end = Math.ceil(to / width ** (level - 1))
    return Array.from({ length: end - index * width }, (_none, offset) => part({ level: level - 1, index: index * width + offset }))
  }
  const dagBytesOf = (place: DagPlace): number => {
    if (place.level === 0) return fileBytesOf(place)
    const isFull = (place.index + 1) * width ** place.level * leafBytes <= sealedBytes
    const known = isFull ? full.get(place.level) : undefined
    if (known !== undefined) return known
    const parts = children(place)
    const sum = nodeBytesOf(parts) + parts.reduce((total, { dagBytes }) => total + dagBytes, 0)
    if (isFull) full.set(place.level, sum)
    return sum
  }
  const part = ({ level, index }: DagPlace): DagPart => ({ level, index, fileBytes: fileBytesOf({ level, index }), dagBytes: dagBytesOf({ level, index }) })
  let blocks = 0
  for (let level = 0; level <= height; level++) blocks += Math.ceil(leaves / width ** level)
  return { sealedBytes, leaves, height, blocks, part, children, leavesOf }
}

/** Tells whether a CID is one that the place can have. */
export function isCidOf ({ level }: DagPlace, cid: CID): boolean {
  return cid.version === 1 && cid.code === (level === 0 ? RAW : DAG_PB) && cid.multihash.code === SHA2_256 && cid.multihash.size === 32
}

/** Tells whether a CID can be the root of a file of this shape. */
export function isRootOf ({ height }: DagShape, root: CID): boolean {
  return isCidOf({ level: height, index: 0 }, root)
}
