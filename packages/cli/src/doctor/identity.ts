import { rolesOf, type DeviceList, type Did } from '@parley/identity'
import { failure, ok, warning, type Check, type Finding } from './finding.ts'

const SOON_MS = 14 * 24 * 60 * 60 * 1000
/** A clock may be behind another by this much before it matters. */
const TOLERANCE_MS = 2 * 60 * 1000

/** The device list: whether this device is on it, with which roles, and for how long; and whether the clock can be right. */
export const checkIdentity: Check = async ({ context: { io }, parley }) => judgeIdentity(await parley.deviceList(), parley.device, io.clock.now())

export function judgeIdentity (list: DeviceList, device: Did, now: number): Finding[] {
  const record = list.devices.find(other => other.device === device)
  const roles = rolesOf(list, device, now)
  const findings: Finding[] = []
  if (record === undefined || record.revoked !== undefined) {
    return [failure('device', 'This device was removed from your device list', 'Pair it again in an empty folder: parley device join')]
  }
  if (now + TOLERANCE_MS < list.issued || now + TOLERANCE_MS < record.added) {
    findings.push(failure('clock', `The clock of this machine is behind the newest change of your device list by ${minutes(list.issued - now)}`, 'Set the clock; what this device signs is refused until then'))
  } else findings.push(ok('clock', 'not behind anything that was signed'))
  if (!roles.includes('endpoint')) findings.push(failure('device', `This device may not speak as you: its roles are ${roles.join(', ') || 'none now'}`, 'Pair it again with the role endpoint'))
  else if (record.expires !== undefined && record.expires - now < SOON_MS) findings.push(warning('device', `The rights of this device end on ${new Date(record.expires).toISOString()}`, 'Pair it again before that'))
  else findings.push(ok('device', `on your device list as ${roles.join(', ')}`))
  const admins = list.devices.filter(other => rolesOf(list, other.device, now).includes('admin'))
  if (admins.length === 0) findings.push(warning('devices', 'None of your devices may change the device list', 'Keep your recovery phrase at hand: parley id restore makes one that may'))
  return findings
}

function minutes (ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} minutes`
}
