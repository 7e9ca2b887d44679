import type { Reach, ToldReach } from './types.ts'

/** From best to worst. */
const ORDER: readonly Reach[] = ['live', 'ringing', 'busy', 'proxy-only', 'unreachable']

/** Returns the best of what the devices and proxies of a person told. */
export function bestReach (told: readonly ToldReach[]): Reach {
  return ORDER.find(reach => (told as readonly Reach[]).includes(reach)) ?? 'unreachable'
}
