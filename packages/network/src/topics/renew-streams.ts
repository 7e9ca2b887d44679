import type { CancelTimer, Clock } from '@parley/core'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { Node } from '../libp2p-node.ts'

/** What is used of gossipsub beyond its public face. */
interface GossipStreams {
  peers: Map<string, PeerId>
  streamsOutbound: Map<string, { rawStream: Pick<Stream, 'status' | 'writeStatus'> }>
  outboundInflightQueue: { push(wanted: { peerId: PeerId, connection: Connection }): void }
}

/** When to look after a connection opened or closed: its streams end with it, some in the turns after. */
const SETTLED_MS = [50, 500, 2000]

/**
 * Gives a peer a gossip stream again when the one it had is dead and a
 * connection is open.
 *
 * gossipsub 17 opens its stream when a peer connects, and not when one of two
 * connections closes: a device that came back before its old connection was
 * found dead (a restart, a change of networks) would never hear of a topic
 * again. Returns what ends the watch.
 */
export function renewGossipStreams ({ libp2p, clock }: { libp2p: Node, clock: Clock }): () => void {
  const looks = new Set<CancelTimer>()
  const gossip = libp2p.services.pubsub as unknown as GossipStreams
  const renew = (peerId: PeerId): void => {
    const name = peerId.toString()
    const [connection] = libp2p.getConnections(peerId).filter(({ status }) => status === 'open')
    if (connection === undefined || !gossip.peers.has(name)) return
    const known = gossip.streamsOutbound.get(name)
    if (known !== undefined && isWritable(known.rawStream)) return
    gossip.streamsOutbound.delete(name)
    gossip.outboundInflightQueue.push({ peerId, connection })
  }
  const onChange = ({ detail }: CustomEvent<Connection>): void => {
    for (const delayMs of SETTLED_MS) {
      const cancel = clock.setTimer(() => {
        looks.delete(cancel)
        renew(detail.remotePeer)
      }, delayMs)
      looks.add(cancel)
    }
  }
  libp2p.addEventListener('connection:open', onChange)
  libp2p.addEventListener('connection:close', onChange)
  return () => {
    libp2p.removeEventListener('connection:open', onChange)
    libp2p.removeEventListener('connection:close', onChange)
    for (const cancel of looks) cancel()
  }
}

/** A stream whose other end is gone may stand half closed for as long as its connection is not found dead. */
function isWritable ({ status, writeStatus }: Pick<Stream, 'status' | 'writeStatus'>): boolean {
  return status === 'open' && writeStatus === 'writable'
}
