import type { Clock, Logger } from '@parley/core'
import { decodeContactCard, didFromPeerId, mergeDeviceLists, rolesOf, type ContactCard, type DeviceList, type Did, type People, type Role } from '@parley/identity'
import { equals } from 'uint8arrays'
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
      // The very card that is kept teaches nothing, and verifying it again would cost four signatures.
      const known = await components.people.card(card.list.person)
      if (known !== undefined && equals(known, card.bytes)) continue
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
    lists.set(list.person, union(lists.get(list.person), list))
  }
  for (const person of new Set([...await people.personsOf(device), ...lists.keys()])) {
    const known = await people.list(person)
    if (known !== undefined) lists.set(person, union(known, lists.get(person)))
  }
  const holds = (list: DeviceList): boolean => rolesOf(list, device, now).some(role => HOLDING_ROLES.has(role))
  return { device, persons: [...lists.values()].filter(holds).map(list => list.person) }
}

/** Returns all that two lists of a person say; the first alone where the other was begun anew or names another successor, which nobody should believe. */
function union (kept: DeviceList | undefined, list: DeviceList): DeviceList
function union (kept: DeviceList, list: DeviceList | undefined): DeviceList
function union (kept: DeviceList | undefined, list: DeviceList | undefined): DeviceList | undefined {
  if (kept === undefined || list === undefined) return kept ?? list
  try {
    const merged = mergeDeviceLists(kept, list)
    // Whoever has a key that was replaced may write that they replaced it otherwise, and before.
    return kept.successor !== undefined && merged.successor !== kept.successor ? kept : merged
  } catch {
    return kept
  }
}

/** An administrator only changes the device list. */
const HOLDING_ROLES = new Set<Role>(['endpoint', 'proxy', 'listener'])
