import { rolesOf, type DeviceList, type Did } from '@parley/identity'
import { ForbiddenByRoleError, UnknownDeviceError } from '../errors.ts'

/**
 * Says why a device may not write for a person at a time, or returns
 * undefined when it may: it must be on the person's list, as an endpoint, not
 * before it was added and neither expired nor revoked.
 */
export function checkDevice (list: DeviceList | undefined, person: Did, device: Did, at: number): Error | undefined {
  if (list?.devices.some(record => record.device === device) !== true) return new UnknownDeviceError(device, person)
  const roles = rolesOf(list, device, at)
  return roles.includes('endpoint') ? undefined : new ForbiddenByRoleError(device, roles)
}
