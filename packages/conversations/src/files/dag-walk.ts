import { sha256, type CID } from '@parley/core'
import { equals } from 'uint8arrays'
import { decodeNode } from './dag-node.ts'
import type { DagPart, DagShape } from './dag-shape.ts'
import { DamagedFileError } from './errors.ts'

/** A block that is known by its hash and its place, and may not be here yet. */
export interface DagRef extends DagPart { cid: CID }

/** How far a file's blocks were gone through, each node before what it links to. */
export interface DagWalk {
  readonly shape: DagShape
  /** The leaves that are wanted: from `from`, before `to`. */
  readonly leaves: { from: number, to: number }
  /** What comes next, last first. */
  readonly ahead: readonly DagRef[]
}

/** Begins a walk through all of a file, or only to some of its leaves. */
export function beginWalk (shape: DagShape, root: CID, leaves: { from: number, to: number } = { from: 0, to: shape.leaves }): DagWalk {
  return { shape, leaves, ahead: [{ ...shape.part({ level: shape.height, index: 0 }), cid: root }] }
}

/** Returns the block that comes next; undefined at the end. */
export function nextRef ({ ahead }: DagWalk): DagRef | undefined {
  return ahead.at(-1)
}

/**
 * Goes one block on.
 *
 * @throws {DamagedFileError} when the bytes are not those of the block that comes next
 */
export function takeBlock (walk: DagWalk, bytes: Uint8Array): DagWalk {
  const ref = nextRef(walk)
  if (ref === undefined) throw new DamagedFileError('extended', 'a block behind the last one')
  return { ...walk, ahead: [...walk.ahead.slice(0, -1), ...refsBelow(walk, ref, bytes).reverse()] }
}

/** Goes over a leaf that is known to be here. */
export function skipLeaf (walk: DagWalk): DagWalk {
  return { ...walk, ahead: walk.ahead.slice(0, -1) }
}

/**
 * Checks the block of a place and returns what it links to on the way.
 *
 * @throws {DamagedFileError}
 */
export function refsBelow ({ shape, leaves }: Pick<DagWalk, 'shape' | 'leaves'>, ref: DagRef, bytes: Uint8Array): DagRef[] {
  // The size first: hashing what nobody may send is work for nothing.
  if (ref.level === 0 && bytes.byteLength !== ref.fileBytes) throw new DamagedFileError('misshapen', `a leaf of ${bytes.byteLength} bytes where ${ref.fileBytes} belong`)
  if (!equals(sha256(bytes), ref.cid.multihash.digest)) throw new DamagedFileError('altered', 'a block that is not the one its hash names')
  if (ref.level === 0) return []
  const parts = shape.children(ref)
  const cids = decodeNode(bytes, parts)
  const refs = parts.flatMap((part, index) => {
    const cid = cids[index]
    return cid === undefined ? [] : [{ ...part, cid }]
  })
  return refs.filter(part => {
    const { from, to } = shape.leavesOf(part)
    return from < leaves.to && to > leaves.from
  })
}
