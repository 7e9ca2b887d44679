import * as dagCbor from '@ipld/dag-cbor'
import type { CID } from '@parley/core'
import { playRole } from '../harness/role.ts'
import { startBitswap } from './bitswap-node.mjs'

export const role = {
  /** Walks back from some actions along all links to earlier ones, until it has `blocks` of them; asks for all that it knows of at once. */
  async walks (address: string, heads: string[], blocks: number): Promise<{ wallMs: number, blocks: number }> {
    const node = await startBitswap(address)
    const seen = new Set(heads)
    let next = heads
    let fetched = 0
    const startedMs = performance.now()
    while (next.length > 0 && fetched < blocks) {
      const got = await Promise.all(next.map(async cid => await node.get(cid)))
      fetched += got.length
      next = got.flatMap(parentsOf).filter(cid => !seen.has(cid))
      for (const cid of next) seen.add(cid)
    }
    const wallMs = performance.now() - startedMs
    await node.stop()
    return { wallMs, blocks: fetched }
  }
}

/** Returns what an action follows, as any reader of DAG-CBOR sees it. */
function parentsOf (bytes: Uint8Array): string[] {
  const [{ prev, heads }] = dagCbor.decode<[{ prev: CID | null, heads: CID[] }, Uint8Array]>(bytes)
  return [...prev === null ? [] : [prev], ...heads].map(String)
}

if (process.send !== undefined) playRole(role)
