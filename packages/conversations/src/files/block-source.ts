import { sha256, sleep, type AbortOptions, type Clock, type Logger, type Store } from '@parley/core'
import type { Blocks, PeerTarget } from '@parley/network'
import type { CID } from 'multiformats/cid'
import { equals } from 'uint8arrays'
import { FileUnavailableError } from './errors.ts'

export interface BlockSourceComponents {
  store: Store
  /** Fetches what is not here. Without it there is nobody to ask. */
  blocks?: Pick<Blocks, 'get'> | undefined
  clock: Clock
  logger: Logger
}

export interface BlockSourceInit {
  root: CID
  /** Who may have the blocks; undefined: only what is here is looked at. */
  peers?: PeerTarget[] | undefined
  /** How often a block is asked for before it is given up. */
  attempts: number
  /** Resolves when nothing more urgent goes over the network. */
  ready?: ((options: AbortOptions) => Promise<void>) | undefined
}

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 8_000

/** Returns one block. @throws {FileUnavailableError | StorageUnavailableError} */
export type BlockSource = (cid: CID, options: AbortOptions) => Promise<Uint8Array>

/** Returns blocks from here, else from peers, in turn, again and again for a while. */
export function createBlockSource ({ store, blocks, clock, logger }: BlockSourceComponents, init: BlockSourceInit): BlockSource {
  const { root, peers, attempts, ready = async () => {} } = init
  let turn = 0
  const local = async (cid: CID, { signal }: AbortOptions): Promise<Uint8Array | undefined> => {
    const bytes = await store.getBlock(cid, { signal })
    if (bytes === undefined || equals(sha256(bytes), cid.multihash.digest)) return bytes
    logger.warn('a block of a file is damaged on the disk', { root: root.toString(), cid: cid.toString() })
    await store.blockstore.delete(cid)
    return undefined
  }
  const ask = async (blocks: Pick<Blocks, 'get'>, peers: PeerTarget[], cid: CID, { signal }: AbortOptions): Promise<Uint8Array> => {
    for (let attempt = 1; ; attempt++) {
      await ready({ signal })
      const first = turn++ % Math.max(1, peers.length)
      try {
        // Another one comes first each time, so that all of them carry some.
        return await blocks.get(cid, { from: [...peers.slice(first), ...peers.slice(0, first)], signal })
      } catch (cause) {
        signal?.throwIfAborted()
        if ((cause as Error).name === 'StorageUnavailableError') throw cause
        if (attempt >= attempts) throw new FileUnavailableError(root.toString(), { cause })
        logger.debug('a block of a file could not be fetched', { cid: cid.toString(), attempt, error: cause })
        await sleep(Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS), clock, { signal })
      }
    }
  }
  return async (cid, options) => {
    options.signal?.throwIfAborted()
    const here = await local(cid, options)
    if (here !== undefined) return here
    if (peers === undefined || blocks === undefined) throw new FileUnavailableError(root.toString())
    return await ask(blocks, peers, cid, options)
  }
}
