import { devicesWith } from 'parley'
import { ok, warning, type Check, type Finding } from './finding.ts'

/** Where others are told to reach this device. */
export const checkAddresses: Check = async ({ parley, isOffline, context: { io, isOwner } }) => {
  const proxies = await devicesWith(parley.people, parley.person, 'proxy', io.clock.now())
  // Without a network there is no listening, and nothing to say of it.
  return isOffline && !isOwner ? [] : judgeAddresses(parley.diagnosis.addresses(), proxies.length)
}

/** Judges what a device tells others of where it is; one that only dials is fine as long as a proxy takes what comes. */
export function judgeAddresses (addresses: string[], proxies: number): Finding[] {
  const hosts = [...new Set(addresses.map(hostOf))]
  if (addresses.length === 0) {
    return proxies > 0
      ? [ok('addresses', 'this device only dials; what comes for you comes to your proxy')]
      : [warning('addresses', 'Nobody can reach you: this device only dials, and you have no proxy', 'Listen somewhere, with --listen /ip4/0.0.0.0/tcp/4017, or take a proxy')]
  }
  if (hosts.some(host => host === '0.0.0.0' || host === '::')) return [warning('addresses', `Others are told an address that is none: ${addresses.join(', ')}`, 'Listen on an address that others can reach: --listen')]
  if (hosts.every(isLoopback)) return [warning('addresses', `Only this machine itself can reach this device: ${addresses.join(', ')}`, 'Listen on all addresses: --listen /ip4/0.0.0.0/tcp/4017')]
  const words = hosts.every(host => isLoopback(host) || isPrivate(host)) ? 'within the own network alone' : 'told to others'
  return [ok('addresses', `${addresses.join(', ')} (${words})`)]
}

function hostOf (address: string): string {
  return address.split('/')[2] ?? ''
}

function isLoopback (host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}

/** Addresses of RFC 1918, RFC 3927, RFC 4193 and RFC 4291. */
function isPrivate (host: string): boolean {
  return /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i.test(host)
}
