import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { createOrbitDB, IPFSAccessController } from '@orbitdb/core'
import { LevelBlockstore } from 'blockstore-level'
import { LevelDatastore } from 'datastore-level'
import { createHelia } from 'helia'
import { createLibp2p } from 'libp2p'
import { join } from 'node:path'

/** Starts a node whose blocks and data are all in level stores. */
export async function startOrbitDB (folder) {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) }
  })
  const blockstore = new LevelBlockstore(join(folder, 'blocks'))
  const datastore = new LevelDatastore(join(folder, 'data'))
  await Promise.all([blockstore.open(), datastore.open()])
  const ipfs = await createHelia({ libp2p, blockstore, datastore })
  const orbitdb = await createOrbitDB({ ipfs, directory: join(folder, 'orbitdb') })
  return {
    open: async (name) => await orbitdb.open(name, { type: 'events', AccessController: IPFSAccessController({ write: ['*'] }) }),
    stop: async () => {
      await orbitdb.stop()
      await ipfs.stop()
      await Promise.all([blockstore.close(), datastore.close()])
    }
  }
}
