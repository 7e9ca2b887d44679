import { InvalidArgumentError, systemRandom, type AbortOptions, type Clock, type Logger } from '@parley/core'
import { createPeople, parseContactUrl, peerIdFromDid, type ContactCard, type Did } from '@parley/identity'
import { createMemoryStore, createNetwork, PeerUnreachableError, type PeerTarget } from '@parley/network'
import { fetchCard } from '../card-exchange.ts'

/**
 * Asks the proxies of a person for the person's newest card.
 *
 * @param where a contact card's URL, or a multiaddr with the peer id of a proxy
 * @throws {PeerUnreachableError} when none of them answers
 * @throws {InvalidArgumentError | WrongPersonError | CardUnavailableError} and what is wrong with the card
 */
export async function findCard ({ clock, logger }: { clock: Clock, logger: Logger }, person: Did, where: string, { signal }: AbortOptions = {}): Promise<ContactCard> {
  // Whoever asks is nobody yet: this node has a name for this one question.
  const network = await createNetwork({ store: createMemoryStore(), logger }, { seed: systemRandom(32), listen: [] })
  try {
    const people = createPeople({ store: createMemoryStore(), logger })
    let newest: ContactCard | undefined
    let failure: unknown = new PeerUnreachableError('a proxy', [])
    for (const target of await targetsOf(where)) {
      try {
        const card = await fetchCard({ network, clock }, target, person, { signal })
        // Each may know a change that another withholds or has not heard of: together they say all there is.
        await people.learnCard(card.bytes)
        if (newest === undefined || card.issued > newest.issued) newest = card
      } catch (error) {
        signal?.throwIfAborted()
        failure = error
      }
    }
    if (newest === undefined) throw failure
    return newest
  } finally {
    await network.stop()
  }
}

async function targetsOf (where: string): Promise<PeerTarget[]> {
  if (where.toLowerCase().startsWith('parley:')) {
    const { routes } = await parseContactUrl(where)
    return routes.map(({ device, addresses }) => ({ peer: peerIdFromDid(device), addresses }))
  }
  const peer = /\/p2p\/([^/]+)$/.exec(where.trim())?.[1]
  if (peer === undefined) throw new InvalidArgumentError(`${JSON.stringify(where)} is neither a contact card nor an address that ends in /p2p/ and a peer id`)
  return [{ peer, addresses: [where.trim()] }]
}
