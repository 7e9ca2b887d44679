import { cidOf, RAW, type CID } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import fc from 'fast-check'
import { exporter } from 'ipfs-unixfs-exporter'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { createDagBuilder, type DagBlock } from '../../src/files/dag-builder.ts'
import { decodeNode, encodeNode, fileSizeOf } from '../../src/files/dag-node.ts'
import { createDagShape, dagOf } from '../../src/files/dag-shape.ts'
import { beginWalk, nextRef, takeBlock } from '../../src/files/dag-walk.ts'
import { CHUNK_BYTES, LEAF_BYTES, MAX_FILE_BYTES, MAX_LEAVES, NODE_WIDTH } from '../../src/files/limits.ts'
import { MAX_BLOCK_BYTES } from '@parley/network'
import { contentOf, gather, inPieces, listOf, mutate } from './samples.ts'

function build (content: Uint8Array, leafBytes: number, width: number): { root: CID, blocks: DagBlock[] } {
  const builder = createDagBuilder({ width })
  const blocks: DagBlock[] = []
  for (let at = 0; at < content.byteLength; at += leafBytes) blocks.push(...builder.leaf(content.slice(at, at + leafBytes)))
  const end = builder.finish()
  return { root: end.root, blocks: [...blocks, ...end.blocks] }
}

async function stock (content: Uint8Array, leafBytes: number, width: number) {
  const store = createMemoryStore()
  const options = { rawLeaves: true, cidVersion: 1 as const, reduceSingleLeafToSelf: true, chunker: fixedSize({ chunkSize: leafBytes }), layout: balanced({ maxChildrenPerNode: width }) }
  const [entry] = await listOf(importer([{ content: inPieces(content, 99_991) }], store.blockstore, options))
  return { root: entry?.cid, blocks: (await listOf(store.blockstore.getAll())).length }
}

describe('the blocks of a file', function () {
  this.timeout(20_000)

  it('are those that the stock importer makes, and the shape is known from the size', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 2, max: 5 }), async (sizeBytes, width) => {
      const content = contentOf(sizeBytes)
      const ours = build(content, 16, width)
      const theirs = await stock(content, 16, width)
      expect(ours.root.toString()).to.equal(theirs.root?.toString())
      const shape = createDagShape(sizeBytes, { leafBytes: 16, width })
      expect(shape.blocks).to.equal(ours.blocks.length)
      expect(shape.part({ level: shape.height, index: 0 }).dagBytes).to.equal(ours.blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
    }), { numRuns: 150 })
  }).timeout(20_000)

  it('are read by the stock exporter, at the sizes of the format', async () => {
    const content = contentOf(3 * LEAF_BYTES + 5)
    const { root, blocks } = build(content, LEAF_BYTES, NODE_WIDTH)
    expect((await stock(content, LEAF_BYTES, NODE_WIDTH)).root?.toString()).to.equal(root.toString())
    const store = createMemoryStore()
    await store.commit(blocks.map(({ cid, bytes }) => ({ type: 'block', cid, bytes })))
    const entry = await exporter(root, store.blockstore)
    if (entry.type !== 'file') throw new Error('no file')
    expect(await gather(entry.content())).to.deep.equal(content)
  })

  it('are gone through in their order by the hashes above them', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 2, max: 6 }), (sizeBytes, width) => {
      const { root, blocks } = build(contentOf(sizeBytes), 16, width)
      const byName = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
      let walk = beginWalk(createDagShape(sizeBytes, { leafBytes: 16, width }), root)
      let leaves = 0
      let steps = 0
      for (let ref = nextRef(walk); ref !== undefined; ref = nextRef(walk)) {
        if (ref.level === 0) expect(ref.index).to.equal(leaves++)
        walk = takeBlock(walk, byName.get(ref.cid.toString()) ?? new Uint8Array(0))
        steps++
      }
      expect(steps).to.equal(blocks.length)
    }), { numRuns: 100 })
  })

  it('of the largest file have two levels of nodes, each small enough to be exchanged', () => {
    const shape = dagOf(MAX_FILE_BYTES)
    expect(shape).to.include({ leaves: MAX_LEAVES, height: 2, blocks: MAX_LEAVES + 64 + 1, sealedBytes: MAX_LEAVES * LEAF_BYTES })
    const leaf = cidOf(new Uint8Array(0), RAW)
    const node = encodeNode(shape.children({ level: 1, index: 0 }).map(part => ({ ...part, cid: leaf })))
    expect(node.byteLength).to.be.lessThan(LEAF_BYTES).and.lessThan(MAX_BLOCK_BYTES)
    expect(fileSizeOf(node)).to.equal(NODE_WIDTH * LEAF_BYTES)
    expect(dagOf(MAX_FILE_BYTES - CHUNK_BYTES).leaves).to.equal(MAX_LEAVES - 1)
  })

  it('are refused by name after each of 10,000 mutations that is not one of a hash', () => {
    const shape = createDagShape(100, { leafBytes: 16, width: 16 })
    const parts = shape.children({ level: 1, index: 0 })
    const node = encodeNode(parts.map((part, index) => ({ ...part, cid: cidOf(Uint8Array.of(index), RAW) })))
    let refused = 0
    mutate(node, 10_000, 7, altered => {
      try {
        expect(decodeNode(altered, parts)).to.have.length(parts.length)
        expect(encodeNode(parts.map((part, index) => ({ ...part, cid: decodeNode(altered, parts)[index] ?? cidOf(node) })))).to.deep.equal(altered)
      } catch (error) {
        expect(error).to.include({ name: 'DamagedFileError', reason: 'misshapen' })
        refused++
      }
      const size = fileSizeOf(altered)
      if (size !== undefined) expect(size).to.be.at.least(0)
    })
    expect(refused).to.be.greaterThan(2_000)
  }).timeout(30_000)
})
