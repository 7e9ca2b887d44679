import { inOrder, publicKeyFromDid, rolesOf, type DeviceKeys, type DeviceList, type Did, type Role } from '@parley/identity'
import type { Clock } from '@parley/core'
import { NotAdminError } from '../errors.ts'
import type { HelloBody } from './frames.ts'
import type { ExistingSide, NewSide } from './types.ts'

/** What we say of ourselves, in a code or in a hello. */
export type OwnSide = { name: string, platform: string } & (
  | { side: 'new', roles: Role[], capabilities: string[] }
  | { side: 'existing', person: Did }
)

/**
 * Returns what this device says of itself.
 *
 * @throws {NotAdminError} when it is to change the list and may not
 */
export async function ownSide ({ keys, clock }: { keys: DeviceKeys, clock: Clock }, ours: NewSide | ExistingSide): Promise<OwnSide> {
  if (ours.side === 'new') return { side: 'new', name: ours.name, platform: ours.platform, ...inOrder({ roles: ours.roles, capabilities: ours.capabilities ?? [] }) }
  const list = await ours.list()
  checkAdmin(list, keys.did, clock.now())
  const { name, platform } = list.devices.find(({ device }) => device === keys.did) ?? { name: 'device', platform: 'unknown' }
  return { side: 'existing', name, platform, person: list.person }
}

/** @throws {NotAdminError} */
export function checkAdmin (list: DeviceList, device: Did, at: number): void {
  if (!rolesOf(list, device, at).includes('admin')) throw new NotAdminError()
}

/** Returns the hello of a device that scanned, without its proof. */
export function helloOf (own: OwnSide, { keys, code, commitment }: { keys: DeviceKeys, code: Uint8Array<ArrayBuffer>, commitment: Uint8Array<ArrayBuffer> }): HelloBody {
  const { name, platform } = own
  const said = { v: 1 as const, type: 'hello' as const, code, commitment, device: publicKeyFromDid(keys.did), sealing: keys.sealing.publicKey.slice(), name, platform }
  return own.side === 'new'
    ? { ...said, side: 'new', roles: own.roles, capabilities: own.capabilities }
    : { ...said, side: 'existing', person: publicKeyFromDid(own.person) }
}
