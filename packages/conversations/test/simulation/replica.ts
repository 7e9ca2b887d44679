import { silentLogger, type CID } from '@parley/core'
import { peerIdFromDid, type DeviceList } from '@parley/identity'
import { createConversations, createSync, type Conversations, type FrontierEntry, type Sync } from '../../src/index.ts'
import type { Device } from './cast.ts'
import type { Choices } from './choices.ts'
import { createDirectory, type Directory } from './directory.ts'
import { createDisk, type Death, type Disk } from './disk.ts'
import type { SimulatedNetwork } from './network.ts'
import type { Timeline } from './timeline.ts'

/** One device that takes part, over all its processes. */
export interface Replica {
  readonly device: Device
  readonly isKeyless: boolean
  readonly directory: Directory
  /** Undefined while it is off. */
  readonly process: { conversations: Conversations, sync: Sync } | undefined
  /** How often it died with the power. */
  readonly powerCuts: number
  start(): Promise<void>
  crash(death: Death): void
  /** Syncs with another one; resolves with the name of the error it ended with, or undefined. */
  sync(conversation: CID, other: Replica, options?: { live?: boolean, signal?: AbortSignal }): Promise<string | undefined>
  frontier(conversation: CID): Promise<FrontierEntry[]>
  /** Every block that it holds of a conversation, basics first. */
  blocks(conversation: CID): Promise<Uint8Array[]>
}

export interface ReplicaComponents { timeline: Timeline, choices: Choices, network: SimulatedNetwork, lists: () => Iterable<DeviceList> }

/** Keys are not brought into the vault: the home log is another simulation. */
const NEVER_MS = 1e12

export function createReplica ({ timeline, choices, network, lists }: ReplicaComponents, device: Device, init: { skewMs: number }): Replica {
  const isKeyless = device.roles.includes('proxy')
  const disk: Disk = createDisk({ timeline, choices }, () => network.weather)
  const directory = createDirectory({ timeline })
  const clock = timeline.clock(() => network.weather.areClocksRight ? 0 : init.skewMs)
  let process: Replica['process']
  let powerCuts = 0
  const replica: Replica = {
    device,
    isKeyless,
    directory,
    get process () { return process },
    get powerCuts () { return powerCuts },
    async start () {
      for (const list of lists()) directory.learn(list)
      const store = await disk.open()
      const { people } = directory
      const person = isKeyless ? undefined : device.owner.did
      const conversations = await createConversations({ store, people, clock, random: choices.bytes, logger: silentLogger, ...person === undefined ? {} : { device: device.keys, person } }, { vaultSettleMs: NEVER_MS })
      const sync = await createSync({ network: network.join(device.did), conversations, people, device: device.keys, person, logger: silentLogger, clock }, isKeyless ? { serves: () => [device.owner.did] } : {})
      process = { conversations, sync }
    },
    crash (death) {
      if (process === undefined) return
      if (death === 'power-cut') powerCuts++
      disk.crash(death)
      network.leave(device.did)
      process = undefined
    },
    async sync (conversation, other, { live = false, signal } = {}) {
      try {
        await process?.sync.sync(conversation, { peer: peerIdFromDid(other.device.did), addresses: [] }, { live, signal })
        return process === undefined ? 'off' : undefined
      } catch (error) {
        return (error as Error).name
      }
    },
    frontier: async conversation => await process?.conversations.holder(conversation).frontier() ?? [],
    async blocks (conversation) {
      const blocks: Uint8Array[] = []
      for await (const batch of process?.conversations.holder(conversation).since([]) ?? []) blocks.push(...batch)
      return blocks
    }
  }
  return replica
}
