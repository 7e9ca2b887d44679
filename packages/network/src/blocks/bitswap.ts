import type { AbortOptions, Logger, Store } from '@parley/core'
import type { Libp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { concat } from 'uint8arrays'
import type { HeliaNode } from './helia-node.ts'

/** The protocol that the rest of IPFS exchanges blocks with. */
export const BITSWAP_PROTOCOL = '/ipfs/bitswap/1.2.0'

/** Serves our blocks to, and fetches blocks from, any IPFS node. */
export interface Bitswap {
  /** Loads Helia and begins to serve; calls after the first do nothing. */
  start(): Promise<void>
  /** Waits for the block until the signal aborts. Checked by its hash. */
  get(cid: CID, options: AbortOptions): Promise<Uint8Array>
  stop(): Promise<void>
}

/**
 * Creates the bitswap side, asleep. Loading Helia takes half a second and
 * 50 MB, so that a node which meets only its own kind never does it.
 */
export function createBitswap ({ libp2p, store, logger }: { libp2p: Libp2p, store: Store, logger: Logger }): Bitswap {
  let helia: Promise<HeliaNode> | undefined
  let stopped = false
  const load = (): Promise<HeliaNode> => {
    // Through a module of our own: bundlers keep all of a package that is imported late.
    helia ??= import('./helia-node.ts').then(async ({ startHelia }) => await startHelia(libp2p, store))
    return helia
  }
  return {
    async start () {
      if (stopped) return
      try {
        await load()
      } catch (error) {
        if (!stopped) logger.error('bitswap could not be started', { error })
      }
    },
    async get (cid, { signal }) {
      const node = await load()
      const parts: Uint8Array[] = []
      for await (const part of node.blockstore.get(cid, { signal })) parts.push(part)
      return concat(parts)
    },
    async stop () {
      stopped = true
      const node = await helia?.catch(() => undefined)
      await node?.stop()
    }
  }
}
