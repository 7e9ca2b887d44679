import { peerIdFromDid, rolesOf, type Did, type People, type Role } from '@parley/identity'
import type { PeerTarget } from '@parley/network'

/** A device of somebody and where it may be reached. */
export interface DeviceRoute extends PeerTarget {
  device: Did
  name: string
}

/** Returns the live devices of a person that have a role, with the addresses we know; those without addresses can only be reached while they are connected to us. */
export async function devicesWith (people: Pick<People, 'list' | 'routes'>, person: Did, role: Role, nowMs: number): Promise<DeviceRoute[]> {
  const list = await people.list(person)
  if (list === undefined) return []
  const routes = new Map((await people.routes(person)).map(({ device, addresses }) => [device, addresses]))
  return list.devices
    .filter(({ device }) => rolesOf(list, device, nowMs).includes(role))
    .map(({ device, name }) => ({ device, name, peer: peerIdFromDid(device), addresses: routes.get(device) ?? [] }))
}
