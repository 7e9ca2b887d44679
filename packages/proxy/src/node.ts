import { createSystemClock, silentLogger, systemRandom, type Clock, type Logger } from '@parley/core'
import { createDeviceKeys, type DeviceKeys } from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { createNetwork, type Network } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import type { SenderQuotaInit } from '@parley/voice'
import { hostname, platform } from 'node:os'
import { join } from 'node:path'
import { createProxy } from './create-proxy.ts'
import type { FileLimits } from './file-keeping.ts'
import type { Proxy } from './types.ts'

export interface OpenProxyInit {
  passphrase?: string | undefined
  /** Multiaddrs to listen on. */
  listen: string[]
  /** Addresses to tell others, when they differ from those listened on. */
  announce?: string[] | undefined
  /** How long a caller whose link broke may come back. @default 30000 */
  graceMs?: number
  /** Nothing more is kept while the disk has less room than this. @default 67108864 */
  minFreeBytes?: number
  /** What one sender may leave in a day. @default 1 GiB, 2000 messages and conversations */
  quota?: SenderQuotaInit
  /** What is kept of files. */
  files?: FileLimits
  logger?: Logger
  clock?: Clock
}

/** A proxy with the network node and the store it owns; `stop()` closes all of them. */
export interface ProxyNode {
  proxy: Proxy
  network: Network
  stop(): Promise<void>
}

/** Opens the proxy in `folder`, making its keys on the first start. It never holds a key of the people it serves. */
export async function openProxyNode (folder: string, { passphrase, listen, announce, graceMs, minFreeBytes, quota, files, logger = silentLogger, clock = createSystemClock() }: OpenProxyInit): Promise<ProxyNode> {
  const keys = await proxyKeys(join(folder, 'keys'), passphrase)
  const store = await openLevelStore(join(folder, 'store'), minFreeBytes === undefined ? {} : { minFreeBytes })
  try {
    // It relays for the devices of its people alone; who they are is known once the proxy is composed.
    let mayReserve = async (_peer: string): Promise<boolean> => false
    const network = await createNetwork({ store, logger: logger.child('network') }, {
      seed: keys.seed,
      listen,
      hub: true,
      mayReserve: async peer => await mayReserve(peer),
      ...(announce === undefined ? {} : { announce })
    })
    try {
      const proxy = await createProxy({ store, network, keys, clock, random: systemRandom, logger }, {
        name: hostname(),
        platform: platform(),
        quota,
        files,
        ...(graceMs === undefined ? {} : { graceMs })
      })
      mayReserve = async peer => await proxy.servesPeer(peer)
      return {
        proxy,
        network,
        async stop () {
          await proxy.stop()
          await network.stop()
          await store.close()
        }
      }
    } catch (error) {
      await network.stop()
      throw error
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function proxyKeys (folder: string, passphrase: string | undefined): Promise<DeviceKeys> {
  const store = createFileKeyStore(folder, passphrase === undefined ? {} : { passphrase })
  const secret = async (name: string): Promise<Uint8Array> => {
    const known = await store.get(name)
    if (known !== undefined) return known
    const made = systemRandom(32)
    await store.put(name, made)
    return made
  }
  return await createDeviceKeys({ seed: await secret('device'), sealingSecret: await secret('sealing') })
}
