import type { Libp2p } from 'libp2p'
import { BITSWAP_PROTOCOL } from '../blocks/bitswap.ts'
import { BLOCKS_PROTOCOL } from '../blocks/block-messages.ts'
import type { PeerTarget } from '../network.ts'

/** Sorts the connected peers by how they exchange blocks. */
export async function listNeighbours (libp2p: Libp2p): Promise<{ direct: PeerTarget[], bitswapOnly: number }> {
  const direct: PeerTarget[] = []
  let bitswapOnly = 0
  await Promise.all(libp2p.getPeers().map(async peer => {
    // A peer that has just gone is in no list any more.
    const known = await libp2p.peerStore.get(peer).catch(() => undefined)
    const protocols = known?.protocols ?? []
    // One that has only just connected has not told yet what it speaks: asking finds out.
    if (protocols.length === 0 || protocols.includes(BLOCKS_PROTOCOL)) direct.push({ peer: peer.toString(), addresses: [] })
    else if (protocols.includes(BITSWAP_PROTOCOL)) bitswapOnly++
  }))
  return { direct, bitswapOnly }
}
