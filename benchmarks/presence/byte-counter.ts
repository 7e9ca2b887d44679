import { createConnection, createServer, type AddressInfo } from 'node:net'

/** Stands between two ends of TCP connections and counts what crosses it. */
export interface ByteCounter {
  /** The multiaddr to dial instead of the one behind it. */
  readonly address: string
  /** Bytes so far, both directions. */
  bytes(): number
  stop(): void
}

/** Forwards connections to a multiaddr such as `/ip4/127.0.0.1/tcp/1234/p2p/…`. */
export async function countBytes (target: string): Promise<ByteCounter> {
  const match = /^\/ip4\/([\d.]+)\/tcp\/(\d+)(\/p2p\/\w+)$/.exec(target)
  if (match === null) throw new RangeError(`${target} is no TCP address`)
  const [, host = '', port = '', peer = ''] = match
  let total = 0
  const server = createServer({ noDelay: true }, near => {
    const far = createConnection({ port: Number(port), host, noDelay: true })
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', chunk => { total += chunk.byteLength; to.write(chunk) })
      from.on('close', () => { to.destroy() })
      from.on('error', () => { to.destroy() })
    }
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}${peer}`,
    bytes: () => total,
    stop () { server.close() }
  }
}
