import type { Did } from '@parley/identity'
import type { GuestPair } from '../guests/types.ts'
import type { FormerHolder, LogHolder, LogView } from '../types.ts'

/** Who is at the other end of a stream, as far as signed device lists tell. */
export interface PeerIdentity {
  device: Did
  /**
   * Everybody whose newest device list gives the device a role with which it
   * may hold logs, now. A proxy of a family has several.
   */
  persons: Did[]
}

/** Whose words this device may hold. */
export interface OwnSide {
  /** The person of this device; undefined at a keyless holder. */
  person: Did | undefined
  /** The persons a holder serves. */
  serves: Did[]
}

/** What a node says of a conversation with nobody whom it answers for. */
export const NOBODY_HERE = 'nobody whom the asked device answers for may see this conversation'

export type Verdict = { ok: true } | { ok: false, reason: string }

/** Who may hold a conversation, and who may no further than they could when they were put out, whoever has least first. */
export interface Holders {
  access: readonly Did[]
  former: readonly FormerHolder[]
  /** Who may as far as somebody else, their host, without being in it. @default nobody */
  guests?: readonly GuestPair[] | undefined
}

export type SharingVerdict = { ok: true, /** What may go between the two; everything without it. */ view?: LogView | undefined } | { ok: false, reason: string }

/**
 * Decides whether a conversation may go between this device and a peer, and how
 * much of it: a device of our own person may always; else one of the peer's
 * persons and one that we answer for must both be in the access set, or have
 * been, so that nobody uses a holder for conversations of strangers. Where one
 * side stands for nobody who is in, it goes to the action that put them out; to
 * a peer that is in also what our own persons said before they knew. Between a
 * host's side and their guest's it goes as far as the host may see it.
 *
 * `holders` is undefined while we do not hold the conversation: then the peer
 * must be a live device of somebody, and the first blocks decide by `mayAdmit`.
 */
export function mayShare (peer: PeerIdentity, own: OwnSide, holders: Holders | undefined): SharingVerdict {
  if (peer.persons.length === 0) return stranger(peer)
  if (holders === undefined) return { ok: true }
  const open = mayShareOpenly(peer, own, holders)
  const through = guestPlace(peer, own, holders)
  if (through === undefined || (open.ok && open.view === undefined)) return open
  if (through === 'in') return { ok: true }
  const isFarther = !open.ok || through > holders.former.findIndex(one => one.through === open.view?.through)
  const view = holders.former[through]?.through
  return isFarther && view !== undefined ? { ok: true, view: { through: view, andBy: [] } } : open
}

function mayShareOpenly (peer: PeerIdentity, own: OwnSide, holders: Holders): SharingVerdict {
  const ours = placeOf(personsOf(own), holders)
  const theirs = placeOf(peer.persons, holders)
  if (ours === undefined && !isOurs(peer, own)) return { ok: false, reason: NOBODY_HERE }
  if (theirs === undefined && !isOurs(peer, own)) return notTheirs(peer)
  const places = [ours, theirs].filter(place => typeof place === 'number')
  const through = places.length === 0 ? undefined : holders.former[Math.min(...places)]?.through
  return through === undefined ? { ok: true } : { ok: true, view: { through, andBy: typeof ours === 'number' && typeof theirs !== 'number' ? personsOf(own) : [] } }
}

/** Returns where the host stands by whose guest log something may go between two sides, the one who has most; undefined where there is none. */
function guestPlace (peer: PeerIdentity, own: OwnSide, holders: Holders): 'in' | number | undefined {
  const hosts = pairsBetween(peer, own, holders.guests).map(({ host }) => host)
  return hosts.length === 0 ? undefined : placeOf(hosts, holders)
}

/** Returns the guests and hosts for whom both sides stand: nobody else serves a guest, though a guest log were here. */
function pairsBetween ({ persons }: PeerIdentity, own: OwnSide, guests: readonly GuestPair[] = []): GuestPair[] {
  const ours = personsOf(own)
  return guests.filter(({ host, guest }) => [host, guest].some(did => ours.includes(did)) && [host, guest].some(did => persons.includes(did)))
}

/** Returns where persons together stand: in, or with the place among the former of the one who has most; undefined where none ever was in. */
function placeOf (persons: readonly Did[], { access, former }: Holders): 'in' | number | undefined {
  if (persons.some(person => access.includes(person))) return 'in'
  const last = former.findLastIndex(({ did }) => persons.includes(did))
  return last < 0 ? undefined : last
}

/**
 * Decides whether a conversation that we do not hold is taken from a peer, by
 * the access set its first blocks give: somebody we answer for must be in it,
 * and so must the peer unless it is a device of our own person.
 */
export function mayAdmit (peer: PeerIdentity, own: OwnSide, access: Did[], guests?: readonly GuestPair[]): Verdict {
  if (peer.persons.length === 0) return stranger(peer)
  if (pairsBetween(peer, own, guests).length > 0) return { ok: true }
  return bothIn(peer, own, access)
}

function bothIn (peer: PeerIdentity, own: OwnSide, access: Did[]): Verdict {
  if (!personsOf(own).some(person => access.includes(person))) return { ok: false, reason: NOBODY_HERE }
  if (isOurs(peer, own) || peer.persons.some(person => access.includes(person))) return { ok: true }
  return notTheirs(peer)
}

function notTheirs ({ persons }: PeerIdentity): { ok: false, reason: string } {
  return { ok: false, reason: `${persons.join(', ')} may not see this conversation` }
}

/** Returns who may hold a conversation; undefined where it is not here. */
export async function holdersOf (holder: LogHolder): Promise<Holders | undefined> {
  return await holder.exists() ? { access: await holder.access(), former: await holder.former(), guests: await holder.guests() } : undefined
}

/** Returns whom a node's owner is asked about: who is in, and who was of those that a stream is between. */
export function askedAbout (peer: PeerIdentity, own: OwnSide, { access, former, guests }: Holders): Did[] {
  const sides = new Set([...peer.persons, ...personsOf(own)])
  const others = [...former.map(({ did }) => did).filter(did => sides.has(did)), ...pairsBetween(peer, own, guests).flatMap(({ host, guest }) => [host, guest])]
  return [...new Set([...access, ...others])]
}

/** Returns everybody that a device answers for. */
export function personsOf ({ person, serves }: OwnSide): Did[] {
  return person === undefined ? serves : [person, ...serves]
}

function isOurs (peer: PeerIdentity, own: OwnSide): boolean {
  return own.person !== undefined && peer.persons.includes(own.person)
}

function stranger ({ device }: PeerIdentity): { ok: false, reason: string } {
  return { ok: false, reason: `${device} is on no device list known here, or was revoked` }
}
