import Hypercore from 'hypercore'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { connect, createServer, type AddressInfo } from 'node:net'
import { playRole } from '../harness/role.ts'

export const role = {
  /** Starts the core that has the blocks and serves it over TCP. */
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<{ key: Uint8Array, port: number, hash: string }> {
    const core = new Hypercore(folder)
    await core.ready()
    await core.append(Array.from({ length: actions }, () => randomBytes(bodyBytes)))
    const server = createServer(socket => {
      const stream = core.replicate(false)
      stream.on('error', () => {})
      socket.on('error', () => {}).pipe(stream).pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { key: core.key, port: (server.address() as AddressInfo).port, hash: await hashOf(core) }
  },
  /** Dials, and copies all blocks into a new core. */
  async replicates (folder: string, key: Uint8Array, port: number, actions: number): Promise<{ wallMs: number, cpuMs: number, received: number, hash: string }> {
    const core = new Hypercore(folder, key)
    await core.ready()
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    const socket = connect(port, '127.0.0.1')
    const stream = core.replicate(true)
    stream.on('error', () => {})
    socket.on('error', () => {}).pipe(stream).pipe(socket)
    await core.download({ start: 0, end: actions }).done()
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    const hash = await hashOf(core)
    const received = core.contiguousLength
    socket.destroy()
    await core.close()
    return { wallMs, cpuMs: (user + system) / 1000, received, hash }
  }
}

async function hashOf (core: Hypercore): Promise<string> {
  return Buffer.from(await core.treeHash()).toString('hex')
}

if (process.send !== undefined) playRole(role)
