import { createEmitter, type AbortOptions, type Clock, type Emitter, type Logger } from '@parley/core'
import { decodeContactCard, type Contacts, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { fetchCard } from '../card-exchange.ts'
import { devicesWith } from '../routes.ts'

export interface ContactMovesComponents {
  network: Network
  people: People
  contacts: Contacts
  /** Our own person. */
  person: Did
  clock: Clock
  logger: Logger
}

/** A contact has another key. */
export interface MovedContact {
  from: Did
  to: Did
  /** What we call them. */
  name: string
  /** The old key had been verified, the new one has not. */
  mustVerify: boolean
}

/** Goes along with contacts who have another key. */
export interface ContactMoves extends Emitter<{ moved: MovedContact }> {
  /** Looks at all contacts; whose new card cannot be had stays as they are until the next time. */
  flush(options?: AbortOptions): Promise<void>
  stop(): Promise<void>
}

/** Follows the successors of contacts from now on. The device list of the old key names the new one, signed by both. */
export function createContactMoves ({ network, people, contacts, person, clock, logger }: ContactMovesComponents): ContactMoves {
  const events = createEmitter<{ moved: MovedContact }>(logger)
  const stopping = new AbortController()
  let working: Promise<unknown> = Promise.resolve()

  /** Makes sure that the devices of the new key are known: whoever answered for the old key answers for the new one. */
  const findCard = async (from: Did, to: Did, signal: AbortSignal): Promise<Uint8Array | undefined> => {
    const known = await people.card(to)
    if (known !== undefined) return known
    const now = clock.now()
    const targets = [...await devicesWith(people, from, 'proxy', now), ...await devicesWith(people, from, 'endpoint', now)]
    const connected = new Set(network.peers().map(({ peer }) => peer))
    for (const target of targets) {
      if (target.addresses.length === 0 && !connected.has(target.peer)) continue
      try {
        const { bytes } = await fetchCard({ network, clock }, target, to, { signal })
        await people.learnCard(bytes, { durable: true })
        return bytes
      } catch (error) {
        signal.throwIfAborted()
        logger.debug('the card of a new key could not be fetched', { from, to, device: target.device, error })
      }
    }
    return undefined
  }
  const move = async (did: Did, signal: AbortSignal): Promise<void> => {
    const contact = contacts.get(did)
    const to = (await people.list(did))?.successor
    if (contact === undefined || to === undefined || to === person || contacts.get(to)?.successorOf === did) return
    const card = await findCard(did, to, signal)
    if (card === undefined) return
    const { contact: moved, mustVerify } = await contacts.follow(did)
    // Our other devices learn of the new key's devices by the card in the record.
    if (moved.status === 'active') await keepCard(card)
    logger.info('a contact has another key', { from: did, to, mustVerify })
    events.emit('moved', { from: did, to, name: moved.name, mustVerify })
  }
  const keepCard = async (bytes: Uint8Array): Promise<void> => {
    await contacts.add({ card: await decodeContactCard(bytes) }).catch((error: unknown) => { logger.warn('the card of a new key could not be kept', { error }) })
  }
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    const done = working.then(work)
    working = done.catch(() => {})
    await done
  }
  const off = people.on('changed', ({ person: changed, list }) => {
    if (list.successor === undefined || contacts.get(changed) === undefined) return
    inTurn(async () => { if (!stopping.signal.aborted) await move(changed, stopping.signal) }).catch((error: unknown) => {
      if (!stopping.signal.aborted) logger.warn('a contact could not be followed to their new key', { person: changed, error })
    })
  })

  return {
    on: events.on,
    async flush ({ signal } = {}) {
      const either = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])
      const known: Did[] = []
      for await (const { did } of contacts.list({ status: ['active', 'removed', 'blocked'] })) known.push(did)
      await inTurn(async () => { for (const did of known) await move(did, either) })
    },
    async stop () {
      off()
      stopping.abort()
      await working
    }
  }
}

/** Returns who a DID is now: the last of its successors of whom something is known. */
export async function newestOf (people: People, did: Did): Promise<Did> {
  const seen = new Set<Did>()
  let newest = did
  for (let at: Did | undefined = did; at !== undefined && !seen.has(at); at = (await people.list(at))?.successor) {
    seen.add(at)
    if (await people.list(at) !== undefined) newest = at
  }
  return newest
}
