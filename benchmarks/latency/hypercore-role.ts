import Hypercore from 'hypercore'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { machineMs, playRole } from '../harness/role.ts'
import type { Append } from './append.ts'

let core: Hypercore | undefined
const seen = new Map<number, number>()

function started (): Hypercore {
  if (core === undefined) throw new RangeError('the core was not opened')
  return core
}

export const role = {
  /** Opens the core and serves it over TCP. */
  async creates (folder: string): Promise<{ key: Uint8Array, port: number }> {
    const own = core = new Hypercore(folder)
    await own.ready()
    const server = createServer(socket => {
      const stream = own.replicate(false)
      stream.on('error', () => {})
      socket.setNoDelay(true).on('error', () => {}).pipe(stream).pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { key: own.key, port: (server.address() as AddressInfo).port }
  },
  /** Keeps a copy in step: every block is fetched as soon as it is announced. */
  async follows (folder: string, key: Uint8Array, port: number): Promise<void> {
    const copy = core = new Hypercore(folder, key)
    await copy.ready()
    copy.on('download', index => { seen.set(index, machineMs()) })
    copy.download({ start: 0, end: -1 })
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    const stream = copy.replicate(true)
    stream.on('error', () => {})
    socket.on('error', () => {}).pipe(stream).pipe(socket)
    await once(socket, 'connect')
  },
  async appends (count: number, { bodyBytes, pauseMs }: { bodyBytes: number, pauseMs: number }): Promise<Append[]> {
    const own = started()
    const appends: Append[] = []
    for (let index = 0; index < count; index++) {
      const block = randomBytes(bodyBytes)
      const askedMs = machineMs()
      await own.append(block)
      appends.push({ name: String(own.length - 1), askedMs, storedMs: machineMs() })
      await pause(pauseMs)
    }
    return appends
  },
  /** When blocks were here. */
  sees: (names: string[]): Array<number | undefined> => names.map(name => seen.get(Number(name)))
}

if (process.send !== undefined) playRole(role)
