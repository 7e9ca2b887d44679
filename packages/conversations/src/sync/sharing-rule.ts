import type { Did } from '@parley/identity'

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

/**
 * Decides whether a conversation may go between this device and a peer: a
 * device of our own person may always; else one of the peer's persons and one
 * that we answer for must both be in the access set, so that nobody uses a
 * holder for conversations of strangers.
 *
 * `access` is undefined while we do not hold the conversation: then the peer
 * must be a live device of somebody, and the first blocks decide by `mayAdmit`.
 */
export function mayShare (peer: PeerIdentity, own: OwnSide, access: Did[] | undefined): Verdict {
  if (peer.persons.length === 0) return stranger(peer)
  if (access === undefined || isOurs(peer, own)) return { ok: true }
  return bothIn(peer, own, access)
}

/**
 * Decides whether a conversation that we do not hold is taken from a peer, by
 * the access set its first blocks give: somebody we answer for must be in it,
 * and so must the peer unless it is a device of our own person.
 */
export function mayAdmit (peer: PeerIdentity, own: OwnSide, access: Did[]): Verdict {
  if (peer.persons.length === 0) return stranger(peer)
  return bothIn(peer, own, access)
}

function bothIn (peer: PeerIdentity, own: OwnSide, access: Did[]): Verdict {
  if (!personsOf(own).some(person => access.includes(person))) return { ok: false, reason: NOBODY_HERE }
  if (isOurs(peer, own) || peer.persons.some(person => access.includes(person))) return { ok: true }
  return { ok: false, reason: `${peer.persons.join(', ')} may not see this conversation` }
}

/** Returns everybody that a device answers for. */
export function personsOf ({ person, serves }: OwnSide): Did[] {
  return person === undefined ? serves : [person, ...serves]
}

function isOurs (peer: PeerIdentity, own: OwnSide): boolean {
  return own.person !== undefined && peer.persons.includes(own.person)
}

function stranger ({ device }: PeerIdentity): Verdict {
  return { ok: false, reason: `${device} is on no device list known here, or was revoked` }
}
