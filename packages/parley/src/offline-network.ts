import { createEmitter, type Logger, type Store } from '@parley/core'
import { BlockNotFoundError, PeerUnreachableError, type Network, type NetworkEvents } from '@parley/network'

/** Creates a node that contacts nobody and that nobody can contact: for looking at what is on the disk. */
export function createOfflineNetwork ({ store, logger }: { store: Store, logger: Logger }, { peerId }: { peerId: string }): Network {
  const events = createEmitter<NetworkEvents>(logger)
  const unreachable = (peer: string): PeerUnreachableError => new PeerUnreachableError(peer, [])
  return {
    on: events.on,
    peerId,
    addresses: () => [],
    async connect ({ peer }) { throw unreachable(peer) },
    async open ({ peer }) { throw unreachable(peer) },
    handle: async () => async () => {},
    topics: {
      subscribe: () => () => {},
      publish: async () => ({ recipients: 0 }),
      subscribers: () => []
    },
    blocks: {
      async get (cid) {
        const block = await store.getBlock(cid)
        if (block === undefined) throw new BlockNotFoundError(cid.toString(), 0)
        return block
      }
    },
    peers: () => [],
    disconnect () {},
    async stop () {}
  }
}
