import { createSeededRandom, createVirtualClock, sha256, silentLogger, type CID, type RandomBytes, type Store, type VirtualClock } from '@parley/core'
import { createDeviceKeys, createDeviceList, createPeople, createSealingKey, createSigner, extendDeviceList, type DeviceKeys, type DeviceList, type Did, type People, type Role, type SealingKey, type Signer } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { createConversations, type Conversations, type Opener, type RemoveLinked } from '../../src/index.ts'

/** A person with one device, as tests need them. */
export interface Somebody {
  signer: Signer
  did: Did
  /** What the person's phrase opens. */
  recovery: SealingKey
  device: DeviceKeys
  list: DeviceList
}

export interface Replica {
  who: Somebody
  store: Store
  people: People
  conversations: Conversations
  clock: VirtualClock
}

export interface World {
  clock: VirtualClock
  random: RandomBytes
  somebody(name: string, options?: { roles?: Role[], expires?: number }): Promise<Somebody>
  /** Adds a device to a person; everybody made afterwards knows. */
  device(of: Somebody, roles?: Role[]): Promise<Somebody>
  revoke(of: Somebody): Promise<void>
  replica(who: Somebody, options?: { keyless?: boolean, store?: Store, clock?: VirtualClock, without?: Somebody[], openers?: Opener[], removeLinked?: RemoveLinked }): Promise<Replica>
  /** Tells a replica the newest lists of everybody. */
  introduce(replica: Replica): Promise<void>
}

/** Creates a world in which all random bytes come from `seed`. */
export function createWorld (seed = 1): World {
  const random = createSeededRandom(seed)
  const clock = createVirtualClock()
  const lists = new Map<Did, DeviceList>()
  const recordOf = (device: DeviceKeys, name: string, roles: Role[], expires?: number) => ({
    device: device.did,
    sealing: device.sealing.publicKey,
    name,
    platform: 'test',
    roles,
    capabilities: [],
    added: clock.now() - 1000,
    ...(expires === undefined ? {} : { expires })
  })
  const newDevice = async (): Promise<DeviceKeys> => await createDeviceKeys({ seed: random(32), sealingSecret: random(32) })
  const learnAll = async (people: People, without: Somebody[]): Promise<void> => {
    const skipped = new Set(without.map(({ did }) => did))
    for (const list of lists.values()) {
      if (!skipped.has(list.person)) await people.learnList(list.bytes)
    }
  }
  return {
    clock,
    random,
    async somebody (name, { roles = ['endpoint'], expires }: { roles?: Role[], expires?: number } = {}) {
      const signer = await createSigner(random(32))
      const device = await newDevice()
      const recovery = await createSealingKey(sha256(signer.publicKey))
      const list = await createDeviceList(signer, { name, devices: [recordOf(device, 'phone', roles, expires)], issued: clock.now(), recovery: recovery.publicKey })
      lists.set(signer.did, list)
      return { signer, did: signer.did, recovery, device, list }
    },
    async device (of, roles: Role[] = ['endpoint']) {
      const device = await newDevice()
      const before = lists.get(of.did) ?? of.list
      const list = await extendDeviceList(of.signer, before, { add: [recordOf(device, 'other', roles)] }, { at: clock.now() })
      lists.set(of.did, list)
      return { ...of, device, list }
    },
    async revoke (of) {
      const before = lists.get(of.did) ?? of.list
      lists.set(of.did, await extendDeviceList(of.signer, before, { revoke: [of.device.did] }, { at: clock.now() }))
    },
    async replica (who, { keyless = false, store = createMemoryStore(), clock: ownClock = clock, without = [], openers, removeLinked } = {}) {
      const people = createPeople({ store, logger: silentLogger })
      await learnAll(people, without)
      const conversations = await createConversations({ store, people, clock: ownClock, random, logger: silentLogger, removeLinked, ...(keyless ? {} : { device: who.device, person: who.did, openers }) })
      return { who, store, people, conversations, clock: ownClock }
    },
    async introduce ({ people }) { await learnAll(people, []) }
  }
}

/** Gives `to` what it lacks of a conversation that `from` has. */
export async function carry (from: Replica, to: Replica, id: CID): Promise<void> {
  const target = to.conversations.holder(id)
  for await (const blocks of from.conversations.holder(id).since(await target.frontier())) await target.merge(blocks)
}

/** Returns every block of a conversation, its basics first. */
export async function blocksOf (replica: Replica, id: CID): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = []
  for await (const batch of replica.conversations.holder(id).since([])) blocks.push(...batch)
  return blocks
}

/** Returns the name of the error that a promise rejects with. */
export async function nameOfRejection (promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as Error).name
  }
  return 'none'
}
