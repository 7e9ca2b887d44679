import { NotAllowedError } from '@parley/conversations'
import { coversDeviceList, decodeContactCard, didFromPeerId, rolesOf, type DeviceList, type Did, type People } from '@parley/identity'

/** What the other end of a stream says of itself. */
export interface ClaimedPeer {
  /** The peer id, proven by the connection. */
  peer: string
  person: Did
  /** The person's contact card, for whoever does not know the device yet. */
  card: Uint8Array | null
}

const SAME_WORDS = 'nothing is held here for this device'

/** Returns the one refusal: who is blocked hears the same as who asks for somebody unknown. */
export function notAllowed (): NotAllowedError {
  return new NotAllowedError(SAME_WORDS)
}

/**
 * Returns the device of somebody we serve, who brings the newest list with them.
 *
 * @throws {NotAllowedError} when it is no live device that may hold keys
 */
export async function checkOwnDevice (people: People, { peer, person, card }: ClaimedPeer, serves: readonly Did[], now: number): Promise<Did> {
  if (!serves.includes(person)) throw notAllowed()
  if (card !== null && (await decodeContactCard(card)).list.person === person) await people.learnCard(card)
  const device = didFromPeerId(peer)
  if (!mayHoldKeys(await people.list(person), device, now)) throw notAllowed()
  return device
}

/** Checks that a peer speaks for the person it names, by what is known of them or, where that is less, by their card. Nothing is kept. @throws {NotAllowedError} */
export async function checkAsker (people: People, { peer, person, card }: ClaimedPeer, now: number): Promise<void> {
  const device = didFromPeerId(peer)
  const known = await people.list(person)
  if (isEndpoint(known, device, now)) return
  if (card === null) throw notAllowed()
  const { list, expires } = await decodeContactCard(card)
  // An older list may have a device on it that was revoked since.
  const isNewer = known === undefined || coversDeviceList(list, known)
  if (list.person !== person || expires <= now || !isNewer || !isEndpoint(list, device, now)) throw notAllowed()
}

/** Tells whether keys of conversations are sealed to a device. */
export function mayHoldKeys (list: DeviceList | undefined, device: Did, now: number): boolean {
  const roles = list === undefined ? [] : rolesOf(list, device, now)
  return roles.includes('endpoint') || roles.includes('listener')
}

function isEndpoint (list: DeviceList | undefined, device: Did, now: number): boolean {
  return list !== undefined && rolesOf(list, device, now).includes('endpoint')
}
