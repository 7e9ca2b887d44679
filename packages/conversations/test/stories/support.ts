import type { CID } from '@parley/core'
import type { Conversation, ConversationState, Message } from '../../src/index.ts'
import { createPeers, type Peer, type Peers } from '../sync/peers.ts'

/** Three people, each with a device, who find each other in memory. */
export interface Company {
  peers: Peers
  alice: Peer
  bob: Peer
  carol: Peer
  /** Brings a conversation up to date between two of them, both ways. */
  meet(a: Peer, b: Peer, id: CID): Promise<void>
  /** Opens a conversation as one of them has it. */
  at(peer: Peer, id: CID): Promise<Conversation>
  state(peer: Peer, id: CID): Promise<ConversationState>
  /** Returns the only message with this body. */
  message(peer: Peer, id: CID, body: string): Promise<Message>
}

export async function createCompany (seed = 1): Promise<Company> {
  const peers = createPeers(seed)
  const { world } = peers
  const [a, b, c] = [await world.somebody('Alice'), await world.somebody('Bob'), await world.somebody('Carol')]
  const [alice, bob, carol] = [await peers.peer(a), await peers.peer(b), await peers.peer(c)]
  const at = async (peer: Peer, id: CID): Promise<Conversation> => await peer.conversations.open(id)
  const state = async (peer: Peer, id: CID): Promise<ConversationState> => await (await at(peer, id)).state()
  return {
    peers,
    alice,
    bob,
    carol,
    at,
    state,
    meet: async (from, to, id) => { await from.sync.sync(id, to.target) },
    async message (peer, id, body) {
      const found = (await state(peer, id)).messages.filter(message => message.body === body)
      const [only] = found
      if (only === undefined || found.length > 1) throw new Error(`${found.length} messages say “${body}”`)
      return only
    }
  }
}

/** Returns what a promise rejects with. */
export async function rejection (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('it did not reject')
}
