import type { Store } from '@parley/core'
import { withBitswap } from '@helia/bitswap'
import * as dagCbor from '@ipld/dag-cbor'
import { MemoryDatastore } from 'datastore-core'
import { createHeliaLight, type Routing } from 'helia'
import type { Libp2p } from 'libp2p'

export type HeliaNode = Awaited<ReturnType<typeof startHelia>>

/** Starts Helia without any way of asking strangers who has a block: no DHT, gateway or delegated router. */
export async function startHelia (libp2p: Libp2p, store: Store) {
  const helia = createHeliaLight({
    blockstore: store.blockstore,
    // Pins are not used: what a node keeps is decided by its own records.
    datastore: new MemoryDatastore(),
    codecs: [dagCbor],
    routers: [nowhere]
  })
  return await withBitswap(Object.assign(helia, { libp2p })).start()
}

/** Finds nobody. A node without any router rejects look-ups with noise instead of quietly. */
const nowhere: Partial<Routing> & { name: string } = {
  name: 'nowhere',
  async * findProviders () {},
  async provide () {},
  async cancelReprovide () {},
  async * getClosestPeers () {}
}
