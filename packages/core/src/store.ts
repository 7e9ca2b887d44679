import type { Blockstore } from 'interface-blockstore'
import type { Datastore } from 'interface-datastore'
import type { CID } from 'multiformats/cid'
import type { AbortOptions } from './abort.ts'

/** One step of a commit. Keys are datastore keys such as `/calls/call_x/leg`. */
export type Change =
  | { type: 'put', key: string, value: Uint8Array }
  | { type: 'delete', key: string }
  | { type: 'block', cid: CID, bytes: Uint8Array }

/**
 * Where a node keeps things: the ecosystem's datastore and blockstore ports,
 * and a commit over both.
 */
export interface Store {
  readonly datastore: Datastore
  readonly blockstore: Blockstore
  /**
   * Writes all changes or none. With `durable`, resolves only once they are on
   * the disk itself and not in the page cache: the condition for telling
   * anybody that something is kept.
   *
   * @throws {StorageUnavailableError} when there is no room or no folder; what was committed before is untouched
   */
  commit(changes: Change[], options?: AbortOptions & { /** @default false */ durable?: boolean }): Promise<void>
  /** Yields the entries whose key begins with `prefix`, in key order. */
  entries(prefix: string, options?: AbortOptions): AsyncGenerator<{ key: string, value: Uint8Array }>
  /** Returns the value, or undefined where there is none. */
  get(key: string, options?: AbortOptions): Promise<Uint8Array | undefined>
  /** Returns the block, or undefined where it is not in this store; never asks the network. */
  getBlock(cid: CID, options?: AbortOptions): Promise<Uint8Array | undefined>
  close(): Promise<void>
}
