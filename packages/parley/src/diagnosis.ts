import type { AbortOptions, Clock, Store } from '@parley/core'
import type { Home, Sync, SyncResult } from '@parley/conversations'
import type { Network, PeerTarget } from '@parley/network'

/** What a device can say of itself to whoever looks for a fault. */
export interface Diagnosis {
  /** Where others are told to reach this device. */
  addresses(): string[]
  /** Returns the address over which a peer is connected, if it is. */
  addressOf(peer: string): string | undefined
  /** Writes to the disk itself and returns how many milliseconds that took. @throws {StorageUnavailableError} */
  commit(): Promise<number>
  /** Brings the home log in step with a device or proxy of ours; returns what either lacked. @throws what `Sync.sync` throws */
  syncHome(target: PeerTarget, options?: AbortOptions): Promise<SyncResult>
}

const PROBE = '/parley/diagnosis'

export function createDiagnosis ({ store, network, sync, home, clock }: { store: Store, network: Network, sync: Sync, home: Home, clock: Clock }): Diagnosis {
  return {
    addresses: () => network.addresses(),
    addressOf: peer => network.peers().find(connection => connection.peer === peer)?.address,
    async commit () {
      const from = clock.monotonicNow()
      await store.commit([{ type: 'put', key: PROBE, value: new Uint8Array(0) }], { durable: true })
      const tookMs = clock.monotonicNow() - from
      await store.commit([{ type: 'delete', key: PROBE }])
      return tookMs
    },
    syncHome: async (target, options) => await sync.sync(home.id, target, options)
  }
}
