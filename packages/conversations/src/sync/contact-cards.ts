import type { Clock, Logger } from '@parley/core'
import { decodeContactCard, didFromPeerId, rolesOf, type ContactCard, type DeviceList, type Did, type People, type Role } from '@parley/identity'
import { MAX_CARDS, MAX_CARDS_BYTES, MAX_CARD_BYTES } from './limits.ts'
import type { PeerIdentity } from './sharing-rule.ts'

/** Decodes the cards of a frame; bad ones are logged and left out. */
export async function readCards (cards: Uint8Array[], { logger, peer }: { logger: Logger, peer: string }): Promise<ContactCard[]> {
  const read: ContactCard[] = []
  for (const bytes of cards) {
    try {
      read.push(await decodeContactCard(bytes))
    } catch (error) {
      logger.warn('a peer sent a contact card that is none', { peer, error })
    }
  }
  return read
}

/** Learns those of `cards` whose person `allowed` names, so that a stranger cannot fill our store with people. */
export async function learnCards (cards: ContactCard[], allowed: Set<Did>, components: { people: People, logger: Logger }): Promise<void> {
  for (const card of cards) {
    if (!allowed.has(card.list.person)) continue
    try {
      await components.people.learnCard(card.bytes)
    } catch (error) {
      // A forked device list is kept as it was; the sync goes on with the list we have.
      components.logger.warn('a contact card was not learned', { person: card.list.person, error })
    }
  }
}

/** Returns the newest cards that we know of `persons`, as many as fit in a frame. */
export async function cardsOf (persons: Iterable<Did>, people: People): Promise<Uint8Array<ArrayBuffer>[]> {
  const cards: Uint8Array<ArrayBuffer>[] = []
  let sizeBytes = 0
  for (const person of new Set(persons)) {
    const card = await people.card(person)
    if (card === undefined || card.byteLength > MAX_CARD_BYTES) continue
    sizeBytes += card.byteLength
    if (cards.length === MAX_CARDS || sizeBytes > MAX_CARDS_BYTES) break
    cards.push(new Uint8Array(card))
  }
  return cards
}

/**
 * Tells who a peer is, by the newest device lists among those we know and the
 * cards it brought. A card proves itself: it needs not be learned for this.
 */
export async function identify (peer: string, cards: ContactCard[], { people, clock }: { people: People, clock: Clock }): Promise<PeerIdentity> {
  const device = didFromPeerId(peer)
  const now = clock.now()
  const lists = new Map<Did, DeviceList>()
  for (const { list } of cards) {
    if (list.sequence >= (lists.get(list.person)?.sequence ?? 0)) lists.set(list.person, list)
  }
  for (const person of new Set([...await people.personsOf(device), ...lists.keys()])) {
    const known = await people.list(person)
    if (known !== undefined && known.sequence >= (lists.get(person)?.sequence ?? 0)) lists.set(person, known)
  }
  const holds = (list: DeviceList): boolean => rolesOf(list, device, now).some(role => HOLDING_ROLES.has(role))
  return { device, persons: [...lists.values()].filter(holds).map(list => list.person) }
}

/** An administrator only changes the device list. */
const HOLDING_ROLES = new Set<Role>(['endpoint', 'proxy', 'listener'])
