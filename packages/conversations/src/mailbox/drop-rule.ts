import { rolesOf, type DeviceList, type Did } from '@parley/identity'

/** Returns the devices for which items are held: those with which the person speaks, now. */
export function awaitedDevices (list: DeviceList | undefined, now: number): Did[] {
  return (list?.devices ?? []).map(record => record.device).filter(device => list !== undefined && rolesOf(list, device, now).includes('endpoint'))
}

/**
 * Returns the number up to which every awaited device has acknowledged; 0
 * while there is no such device, since one may be added yet.
 */
export function releasedUpTo (devices: Did[], cursors: ReadonlyMap<Did, number>): number {
  if (devices.length === 0) return 0
  return Math.min(...devices.map(device => cursors.get(device) ?? 0))
}
