import { raceSignal, type AbortOptions, type Clock, type Logger, type Store } from '@parley/core'
import { sha256 } from '@parley/core'
import type { CID } from 'multiformats/cid'
import { equals } from 'uint8arrays'
import { BlockNotFoundError } from '../errors.ts'
import type { Blocks, PeerTarget } from '../network.ts'
import type { Bitswap } from './bitswap.ts'
import type { BlockExchange } from './block-exchange.ts'

const SHA2_256 = 0x12

/** How long bitswap may look among connected peers. */
const BITSWAP_TIMEOUT_MS = 10_000

/** Connected peers are asked this many at a time. */
const ASKED_AT_ONCE = 4

export interface BlocksComponents {
  store: Store
  exchange: BlockExchange
  bitswap: Bitswap
  clock: Clock
  logger: Logger
  /** Connected peers that speak the direct exchange, and whether any speaks bitswap alone. */
  neighbours(): Promise<{ direct: PeerTarget[], bitswapOnly: number }>
}

/** Finds blocks: here, at known peers, then anywhere among the connected. */
export function createBlocks ({ store, exchange, bitswap, clock, logger, neighbours }: BlocksComponents): Blocks {
  const askOne = async (target: PeerTarget, cid: CID, options: AbortOptions): Promise<Uint8Array | undefined> => {
    try {
      const block = await exchange.ask(target, cid, options)
      if (block === undefined || isBlock(cid, block)) return block
      logger.warn('a peer sent other bytes than the block that was asked for', { peer: target.peer, cid: cid.toString() })
    } catch (error) {
      options.signal?.throwIfAborted()
      logger.debug('a peer could not be asked for a block', { peer: target.peer, error })
    }
    return undefined
  }
  const askAll = async (targets: PeerTarget[], cid: CID, { signal }: AbortOptions): Promise<Uint8Array | undefined> => {
    for (let index = 0; index < targets.length; index += ASKED_AT_ONCE) {
      const block = await firstFound(targets.slice(index, index + ASKED_AT_ONCE).map(target => askOne(target, cid, { signal })))
      if (block !== undefined) return block
    }
    return undefined
  }
  const overBitswap = async (cid: CID, { signal }: AbortOptions): Promise<Uint8Array | undefined> => {
    const controller = new AbortController()
    const cancel = clock.setTimer(() => { controller.abort() }, BITSWAP_TIMEOUT_MS)
    try {
      const either = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal])
      return await raceSignal(bitswap.get(cid, { signal: either }), either)
    } catch (error) {
      signal?.throwIfAborted()
      logger.debug('bitswap found no block', { cid: cid.toString(), error })
      return undefined
    } finally {
      cancel()
      controller.abort()
    }
  }
  const keep = async (cid: CID, bytes: Uint8Array): Promise<void> => {
    try {
      await store.commit([{ type: 'block', cid, bytes }])
    } catch (error) {
      // The caller has the block all the same.
      logger.warn('a fetched block could not be kept', { cid: cid.toString(), error })
    }
  }
  return {
    async get (cid, { from = [], signal } = {}) {
      signal?.throwIfAborted()
      const local = await store.getBlock(cid, { signal })
      if (local !== undefined) return local
      const { direct, bitswapOnly } = await neighbours()
      const others = direct.filter(({ peer }) => !from.some(target => target.peer === peer))
      // The direct exchange vouches for one hash function; bitswap brings the others.
      const ours = cid.multihash.code === SHA2_256
      let block = ours ? await askAll([...from, ...others], cid, { signal }) : undefined
      if (block !== undefined) await keep(cid, block)
      else if (bitswapOnly > 0) block = await overBitswap(cid, { signal })
      if (block === undefined) throw new BlockNotFoundError(cid.toString(), from.length + others.length + bitswapOnly)
      return block
    }
  }
}

function isBlock (cid: CID, bytes: Uint8Array): boolean {
  return equals(sha256(bytes), cid.multihash.digest)
}

/** Resolves with the first that is found, or undefined when none is; rejects as soon as one rejects. */
async function firstFound (asked: Promise<Uint8Array | undefined>[]): Promise<Uint8Array | undefined> {
  return await new Promise((resolve, reject) => {
    for (const one of asked) void one.then(block => { if (block !== undefined) resolve(block) }, reject)
    void Promise.allSettled(asked).then(() => { resolve(undefined) })
  })
}
