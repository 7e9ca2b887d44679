import { readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import * as z from 'zod/mini'
import { FileError, UsageError } from './errors.ts'

/**
 * What a proxy keeps from one start to the next: its ports. A contact card
 * names them, so they must not change because a process was started again.
 */
export interface ProxySettings {
  tcpPort?: number | undefined
  wsPort?: number | undefined
  statusPort?: number | undefined
}

const schema = z.object({ tcpPort: z.optional(z.number()), wsPort: z.optional(z.number()), statusPort: z.optional(z.number()) })

export async function readSettings (path: string): Promise<ProxySettings> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}'
    throw error
  })
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new FileError(`${path} is damaged; remove it, and the proxy takes new ports`, { cause })
  }
}

/** Keeps the ports that the running proxy got. */
export async function writeSettings (path: string, { listen, statusUrl }: { listen: string[], statusUrl: string }): Promise<void> {
  const port = (pattern: RegExp): number | undefined => {
    const found = listen.map(address => pattern.exec(address)?.[1]).find(text => text !== undefined)
    return found === undefined ? undefined : Number(found)
  }
  const settings: ProxySettings = { tcpPort: port(/\/tcp\/(\d+)\/p2p/), wsPort: port(/\/tcp\/(\d+)\/ws/), statusPort: Number(new URL(statusUrl).port) }
  await writeFile(`${path}.part`, JSON.stringify(settings, undefined, 2) + '\n')
  await rename(`${path}.part`, path)
}

/** Where the proxy listens: as told by `--listen`, else TCP and WebSocket on the ports of last time. */
export async function listenAddresses (listen: string[] | undefined, host: string | undefined, { tcpPort = 0, wsPort = 0 }: ProxySettings): Promise<string[]> {
  if (listen !== undefined) {
    if (host !== undefined) throw new UsageError('Give either --listen or --host')
    return listen
  }
  const address = host ?? '0.0.0.0'
  if (isIP(address) === 0) throw new UsageError(`--host takes an IP address, not "${address}"`)
  const family = isIP(address) === 6 ? 'ip6' : 'ip4'
  return [`/${family}/${address}/tcp/${tcpPort}`, `/${family}/${address}/tcp/${wsPort}/ws`]
}
