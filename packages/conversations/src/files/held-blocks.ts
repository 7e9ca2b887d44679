import { InvalidBytesError, OversizedBytesError, RAW, decodeCanonical, type CID, type Store } from '@parley/core'
import { createDagShape, isRootOf, sealedSize, type DagShape } from './dag-shape.ts'
import { fileSizeOf } from './dag-node.ts'
import { beginWalk, refsBelow, type DagRef } from './dag-walk.ts'
import { DamagedFileError } from './errors.ts'
import { addKey, heldFiles, heldKey, pagesOf, type AddingRecord, type HeldRecord } from './file-records.ts'
import { LEAF_BYTES, MAX_LEAVES } from './limits.ts'

/** The largest block that is looked at for being something else than a chunk. */
const MAX_FOREIGN_BYTES = 1024 * 1024

/**
 * Yields the blocks of a file by its root alone: nodes before what they link
 * to, as far as the nodes are here. For whoever keeps or hands on blocks.
 *
 * @throws {DamagedFileError} when the root is here and is none of a sealed file
 */
export async function * blocksOf (store: Store, root: CID): AsyncGenerator<CID> {
  const bytes = await store.getBlock(root)
  if (bytes === undefined) {
    yield root
    return
  }
  const sealedBytes = root.code === RAW ? bytes.byteLength : fileSizeOf(bytes)
  if (sealedBytes === undefined || sealedBytes > MAX_LEAVES * LEAF_BYTES) throw new DamagedFileError('misshapen', 'its root is none of a sealed file')
  const shape = createDagShape(sealedBytes)
  if (!isRootOf(shape, root)) throw new DamagedFileError('misshapen', 'its root is none of a sealed file')
  for await (const { cid } of knownParts(store, shape, root)) yield cid
}

/** Yields the parts of a file that are known here, from the root down, leaves without looking at them. */
async function * knownParts (store: Store, shape: DagShape, root: CID): AsyncGenerator<DagRef> {
  const walk = beginWalk(shape, root)
  const ahead = [...walk.ahead]
  for (let ref = ahead.pop(); ref !== undefined; ref = ahead.pop()) {
    yield ref
    const bytes = ref.level === 0 ? undefined : await store.getBlock(ref.cid)
    if (bytes === undefined) continue
    try {
      ahead.push(...refsBelow(walk, ref, bytes).reverse())
    } catch (error) {
      // A node of somebody's making: what it says is below is not ours.
      if (!(error instanceof DamagedFileError)) throw error
    }
  }
}

function partsOf (store: Store, { root, sizeBytes }: HeldRecord): AsyncGenerator<DagRef> {
  return knownParts(store, createDagShape(sealedSize(sizeBytes)), root)
}

/** Returns what tells whether a block is one of a file that is here, whole or in part. */
export async function fileBlocks (store: Store): Promise<(cid: CID) => boolean> {
  const names = new Set<string>()
  for await (const record of heldFiles(store)) {
    for await (const { cid } of partsOf(store, record)) names.add(nameOf(cid))
  }
  return cid => names.size > 0 && names.has(nameOf(cid))
}

/**
 * Drops a file's blocks and forgets it. Blocks that another file here has too
 * stay, and so does whatever is canonical DAG-CBOR: it may be an action that
 * somebody named as a block of their file to have it dropped. Done again after
 * a crash it goes on.
 */
export async function dropFile (store: Store, record: HeldRecord): Promise<void> {
  const ours = new Map<string, CID>()
  for await (const { cid } of partsOf(store, record)) ours.set(nameOf(cid), cid)
  for await (const other of heldFiles(store)) {
    if (other.root.equals(record.root)) continue
    for await (const { cid } of partsOf(store, other)) ours.delete(nameOf(cid))
  }
  // From the leaves up, so that what is left can still be found from the root.
  for (const cid of [...ours.values()].reverse()) await dropBlock(store, cid)
  await store.commit([{ type: 'delete', key: heldKey(record.root) }], { durable: true })
}

/** Drops what an add has on the disk, and forgets it. No other file has blocks of its key. */
export async function dropAdd (store: Store, record: AddingRecord, name: string): Promise<void> {
  for await (const { key, cids } of pagesOf(store, record, name)) {
    for (const cid of cids) await dropBlock(store, cid)
    await store.commit([{ type: 'delete', key }])
  }
  await store.commit([{ type: 'delete', key: addKey(name) }], { durable: true })
}

async function dropBlock (store: Store, cid: CID): Promise<void> {
  const bytes = await store.getBlock(cid)
  if (bytes !== undefined && !isDagCbor(bytes)) await store.blockstore.delete(cid)
}

function isDagCbor (bytes: Uint8Array): boolean {
  try {
    decodeCanonical('block', bytes, MAX_FOREIGN_BYTES)
    return true
  } catch (error) {
    if (error instanceof InvalidBytesError || error instanceof OversizedBytesError) return false
    throw error
  }
}

/** Blocks are stored by their hash, whatever a CID says of their codec. */
function nameOf (cid: CID): string {
  return cid.multihash.bytes.join()
}
