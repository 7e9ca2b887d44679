import { RAW, createSeededRandom, silentLogger, createVirtualClock, type CID } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import fc from 'fast-check'
import { createFiles, sizeOfRoot } from '../../src/files/index.ts'
import { CHUNK_BYTES } from '../../src/files/limits.ts'

describe('the root of a sealed file', () => {
  const rootOf = async (bytes: number): Promise<{ root: CID, block: Uint8Array }> => {
    const store = createMemoryStore()
    const files = createFiles({ store, clock: createVirtualClock(), random: createSeededRandom(1), logger: silentLogger })
    const { file: { root } } = await files.add([new Uint8Array(bytes)], { name: 'a' })
    return { root, block: await store.getBlock(root) ?? new Uint8Array(0) }
  }

  it('tells how large the file is', async () => {
    for (const bytes of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 1_000_000]) {
      const { root, block } = await rootOf(bytes)
      expect(sizeOfRoot(root, block)).to.equal(bytes)
    }
  })

  it('tells nothing, and does not fail, where it is something else', async () => {
    const { root: leaf } = await rootOf(1)
    const { root: node } = await rootOf(1_000_000)
    expect(leaf.code).to.equal(RAW)
    expect(sizeOfRoot(leaf, new Uint8Array(15))).to.equal(undefined)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      const size = sizeOfRoot(node, bytes)
      return size === undefined || Number.isSafeInteger(size)
    }), { numRuns: 2000 })
  })
})
