import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'

/** A TCP relay on loopback that lets every byte wait. */
export interface DelayProxy {
  port: number
  stop(): Promise<void>
}

/** Starts a relay to `port` that hands on what it gets after half of `roundTripMs`, in both directions, at any rate. */
export async function startDelayProxy (port: number, roundTripMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>()
  const relay = (from: Socket, to: Socket): void => {
    from.on('data', bytes => { setTimeout(() => { if (!to.destroyed) to.write(bytes) }, roundTripMs / 2) })
    from.on('close', () => { setTimeout(() => { to.destroy() }, roundTripMs / 2) })
    from.on('error', () => {})
  }
  const server = createServer({ noDelay: true }, inner => {
    const outer = connect({ port, host: '127.0.0.1', noDelay: true })
    for (const socket of [inner, outer]) sockets.add(socket)
    relay(inner, outer)
    relay(outer, inner)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop () {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}
