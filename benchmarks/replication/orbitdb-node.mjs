import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createOrbitDB, IPFSAccessController } from '@orbitdb/core'
import { createHelia } from 'helia'
import { createLibp2p } from 'libp2p'
import { join } from 'node:path'

/** Starts a node with the stores that OrbitDB and Helia have by default: blocks in memory, heads and index in LevelDB. */
export async function startOrbitDB (folder) {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) }
  })
  const ipfs = await createHelia({ libp2p })
  const orbitdb = await createOrbitDB({ ipfs, directory: join(folder, 'orbitdb') })
  return {
    addresses: () => libp2p.getMultiaddrs().map(String),
    dial: async addresses => { await libp2p.dial(addresses.map(address => multiaddr(address))) },
    open: async address => await orbitdb.open(address),
    create: async name => await orbitdb.open(name, { type: 'events', AccessController: IPFSAccessController({ write: ['*'] }) })
  }
}
