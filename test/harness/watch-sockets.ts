/**
 * Loaded before a program (`node --import`): writes a line to the file that
 * PARLEY_WATCH_FILE names for each connection, listener, datagram and look-up
 * of a name that the process makes, before it is made.
 */
import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/** A line of the file. */
export interface SocketEvent {
  pid: number
  kind: 'watching' | 'connect' | 'listen' | 'datagram' | 'look-up'
  /** Address with port, path of a local socket, or the name that was looked up. */
  target: string
}

type Method = (this: unknown, ...args: unknown[]) => unknown

const file = process.env['PARLEY_WATCH_FILE'] ?? '/dev/null'

function note (kind: SocketEvent['kind'], target: string): void {
  appendFileSync(file, JSON.stringify({ pid: process.pid, kind, target } satisfies SocketEvent) + '\n')
}

/** Tells what a method is called with before it runs. */
function before (owner: object, name: string, tell: (self: unknown, args: unknown[]) => void): void {
  const original = Reflect.get(owner, name) as Method | undefined
  if (typeof original !== 'function') return
  const watched: Method = function (...args) {
    tell(this, args)
    return original.apply(this, args)
  }
  // What others hang on the function (util.promisify's, for one) must stay.
  Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original))
  Reflect.set(owner, name, watched)
}

interface Place { host?: string, port?: number, path?: string }

// net's own functions pass their arguments on as one list of options and callback.
function placeOf (args: unknown[]): Place {
  const [first, second] = Array.isArray(args[0]) ? args[0] as unknown[] : args
  if (typeof first === 'object' && first !== null) return first
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { path: first }
  return { port: Number(first), ...(typeof second === 'string' ? { host: second } : {}) }
}

before(net.Socket.prototype, 'connect', (_self, args) => {
  const { host = 'localhost', port, path } = placeOf(args)
  note('connect', path ?? `${host}:${port}`)
})
before(net.Server.prototype, 'listen', self => {
  const server = self as net.Server
  server.once('listening', () => {
    const address = server.address()
    note('listen', typeof address === 'string' ? address : `${address?.address}:${address?.port}`)
  })
})
before(dgram.Socket.prototype, 'send', (_self, args) => {
  const host = args.findLast(arg => typeof arg === 'string')
  note('datagram', String(host ?? 'where it is connected to'))
})
for (const name of ['connect', 'bind']) before(dgram.Socket.prototype, name, (_self, args) => { note('datagram', `${name} ${args.filter(arg => typeof arg !== 'function').map(arg => JSON.stringify(arg)).join(' ')}`) })

// Asking for the address of an address asks nobody.
const asked = (_self: unknown, [name]: unknown[]): void => { if (net.isIP(String(name)) === 0) note('look-up', String(name)) }
for (const owner of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
  for (const name of Object.getOwnPropertyNames(owner)) if (/^(lookup|resolve|reverse)/.test(name)) before(owner, name, asked)
}
syncBuiltinESMExports()
note('watching', process.argv.slice(1).join(' '))
