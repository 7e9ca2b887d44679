import type { Reach } from '../types.ts'
import type { DevicePresence, PresenceReach } from './types.ts'

/** From best to worst; the last two are not said by devices. */
const ORDER: readonly PresenceReach[] = ['live', 'ringing-possible', 'busy']

/** Returns how reachable somebody is whose devices say this, and for whom a proxy answers or not. */
export function reachOf (devices: readonly DevicePresence[], { proxy }: { proxy: boolean }): PresenceReach {
  const said = new Set(devices.map(reachOfDevice))
  return ORDER.find(reach => said.has(reach)) ?? (proxy ? 'proxy-only' : 'unreachable')
}

/** A device that must not be disturbed does not ring, so it is worth what a busy one is. */
function reachOfDevice ({ availability, doNotDisturb }: DevicePresence): PresenceReach {
  if (availability === 'busy' || doNotDisturb) return 'busy'
  return availability === 'live' ? 'live' : 'ringing-possible'
}

/** Returns the word that a call's `reach` has for it: what can ring before a call is ringing in it. */
export function callReach (reach: PresenceReach): Reach {
  return reach === 'ringing-possible' ? 'ringing' : reach
}
