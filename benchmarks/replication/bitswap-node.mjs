import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { bitswap } from '@helia/block-brokers'
import { identify, identifyPush } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createHelia } from 'helia'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'

/** Starts a stock IPFS node that asks its neighbours alone, and connects it. */
export async function startBitswap (address) {
  const libp2p = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), identifyPush: identifyPush() }
  })
  const helia = await Promise.resolve(createHelia({ libp2p, blockBrokers: [bitswap()], routers: [] }))
  const connection = await libp2p.dial(multiaddr(address))
  await serves(libp2p, connection.remotePeer, '/ipfs/bitswap/1.2.0')
  return {
    get: async cid => {
      const chunks = []
      for await (const chunk of helia.blockstore.get(CID.parse(cid))) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    stop: async () => { await helia.stop() }
  }
}

/** Waits until a neighbour has said that it speaks a protocol. */
async function serves (libp2p, peer, protocol) {
  const speaks = async () => (await libp2p.peerStore.get(peer)).protocols.includes(protocol)
  await new Promise((resolve, reject) => {
    const look = () => {
      speaks().then(is => {
        if (!is) return
        libp2p.removeEventListener('peer:update', look)
        resolve()
      }, reject)
    }
    libp2p.addEventListener('peer:update', look)
    look()
  })
}
