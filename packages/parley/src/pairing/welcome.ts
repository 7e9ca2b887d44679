import type { Clock, RandomBytes } from '@parley/core'
import { createSealedSender, decodeContactCard, extendDeviceList, rolesOf, type DeviceKeys, type DeviceList, type DeviceRecord, type PairingSecrets } from '@parley/identity'
import { equals } from 'uint8arrays'
import { PairingMismatchError, PairingUnfinishedError } from './errors.ts'
import { pairingFrameCodec, welcomeCodec } from './frames.ts'
import { checkAdmin, type OwnSide } from './own-side.ts'
import type { AddedDevice, ExistingSide, JoinedPerson, PairingPeer } from './types.ts'

const PURPOSE = 'pair-welcome'

/**
 * Puts the new device on the list, keeps the list, and returns the frame that
 * brings it what it needs.
 *
 * @throws {NotAdminError} and whatever signing and keeping throw; nothing is on the list then
 * @throws {PairingUnfinishedError} when it fails after the list was kept
 */
export async function issueWelcome ({ keys, clock, random }: { keys: DeviceKeys, clock: Clock, random: RandomBytes }, ours: ExistingSide, peer: PairingPeer, secrets: PairingSecrets): Promise<{ added: AddedDevice, frame: Uint8Array }> {
  const now = Math.floor(clock.now())
  const list = await ours.list()
  checkAdmin(list, keys.did, now)
  const { device, sealing, name, platform, roles, capabilities } = peer
  const extended = await extendDeviceList(keys.signer, list, { add: [{ device, sealing, name, platform, roles, capabilities, added: now }] }, { at: now, random })
  const record = recordOf(extended, peer)
  await ours.keepList(extended)
  try {
    const added = { list: extended, record }
    const [card, welcome] = [await ours.card(), await ours.welcome(added)]
    const plaintext = welcomeCodec.encode({ v: 1, card: new Uint8Array(card.bytes), welcome: new Uint8Array(welcome) })
    const sender = await createSealedSender(sealing, PURPOSE)
    const ct = await sender.seal(plaintext, secrets.transcript)
    return { added, frame: pairingFrameCodec.encode({ v: 1, type: 'welcome', enc: new Uint8Array(sender.enc), ct }) }
  } catch (cause) {
    throw new PairingUnfinishedError(device, 'what it needs could not be made', { cause })
  }
}

/**
 * Opens what the existing device sent and checks that it is what was agreed.
 *
 * @throws {PairingMismatchError}
 */
export async function openWelcome ({ keys }: { keys: DeviceKeys }, own: Extract<OwnSide, { side: 'new' }>, peer: PairingPeer, secrets: PairingSecrets, frame: Uint8Array): Promise<JoinedPerson> {
  try {
    const sealed = pairingFrameCodec.decode(frame)
    if (sealed.type !== 'welcome') throw new PairingMismatchError('it is no welcome')
    const opened = welcomeCodec.decode(await keys.sealing.open(PURPOSE, sealed, secrets.transcript))
    const { list, signer, issued, bytes } = await decodeContactCard(opened.card)
    if (list.person !== peer.person) throw new PairingMismatchError('the device list is of another person')
    if (signer !== peer.device) throw new PairingMismatchError('the card is of another device')
    if (!rolesOf(list, signer, issued).includes('admin')) throw new PairingMismatchError('the other device may not add devices')
    checkRecord(recordOf(list, { device: keys.did }), own, keys)
    return { person: list.person, card: bytes, list, welcome: opened.welcome }
  } catch (error) {
    if (error instanceof PairingMismatchError) throw error
    throw new PairingMismatchError('what the other device sent cannot be read', { cause: error })
  }
}

function recordOf (list: DeviceList, { device }: { device: string }): DeviceRecord {
  const record = list.devices.find(record => record.device === device)
  if (record === undefined) throw new PairingMismatchError('the new device is not on the list')
  return record
}

function checkRecord (record: DeviceRecord, own: Extract<OwnSide, { side: 'new' }>, keys: DeviceKeys): void {
  if (record.revoked !== undefined) throw new PairingMismatchError('this device was revoked')
  if (!equals(record.sealing, keys.sealing.publicKey)) throw new PairingMismatchError('the list has another sealing key for this device')
  // Both are written in order, so they are compared as they are.
  if (record.roles.join() !== own.roles.join()) throw new PairingMismatchError('the list gives this device other roles')
  if (record.name !== own.name || record.platform !== own.platform || record.capabilities.join() !== own.capabilities.join()) throw new PairingMismatchError('the list describes this device otherwise')
}
