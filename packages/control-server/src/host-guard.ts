import { isIP } from 'node:net'

/**
 * Tells whether a `Host` header may name this server.
 *
 * A page of somebody else's can have its own name resolve to our loopback
 * address (DNS rebinding); the browser then takes us for the same origin and
 * lets the page read everything. It cannot do so with an address instead of a
 * name, and `localhost` never leaves the machine. Ports are not compared: they
 * change when a port is forwarded.
 */
export function isOwnHost (header: string | undefined, allowedHosts: readonly string[]): boolean {
  if (header === undefined) return false
  const match = /^(\[[0-9a-f:.]+\]|[^[\]:]+)(?::\d{1,5})?$/i.exec(header.trim())
  const host = match?.[1]?.toLowerCase()
  if (host === undefined) return false
  if (host.startsWith('[')) return isIP(host.slice(1, -1)) === 6
  return isIP(host) === 4 || host === 'localhost' || allowedHosts.some(allowed => allowed.toLowerCase() === host)
}
