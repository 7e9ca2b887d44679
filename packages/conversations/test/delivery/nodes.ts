import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, silentLogger, type CID, type Store, type VirtualClock } from '@parley/core'
import { createPeople, type Did } from '@parley/identity'
import { createMemoryStore, type Network } from '@parley/network'
import { createConversations, createDelivery, createOwedMarks, createSync, type Delivery, type DeliveryPolicy, type DeliveryState, type Sync } from '../../src/index.ts'
import { createWorld, type Replica, type Somebody, type World } from '../log/world.ts'

/** A device or proxy on a network, with everything that brings conversations about. */
export interface Node extends Replica {
  network: Network
  sync: Sync
  delivery: Delivery
  /** Peers it tried to open a stream to, in order. */
  opened: string[]
  /** Ends it as a kill does not: what is under way is given up. */
  stop(): Promise<void>
}

export interface NodeOptions {
  /** Makes it a keyless proxy of these people. */
  serves?: Did[]
  store?: Store
  clock?: VirtualClock
  admits?: (person: Did) => boolean
  active?: boolean
  policy?: DeliveryPolicy
}

export interface Nodes {
  world: World
  networks: MemoryNetworks
  node(who: Somebody, options?: NodeOptions): Promise<Node>
  /** Tells every node where all are. */
  introduce(): Promise<void>
  /** Lets what can happen happen, for so long. */
  pass(durationMs?: number): Promise<void>
  /** Lets time pass until something holds; signatures are made in real time, which no clock counts. */
  until(holds: () => Promise<boolean>): Promise<void>
  stop(): Promise<void>
}

export function createNodes (seed = 1): Nodes {
  const world = createWorld(seed)
  const networks = createMemoryNetworks()
  const nodes = new Set<Node>()
  const routes = new Map<Did, { person: Did, peer: string, addresses: string[] }>()
  const introduce = async (): Promise<void> => {
    for (const node of nodes) {
      await world.introduce(node)
      for (const [device, { person, addresses }] of routes) await node.people.learnRoutes(person, [{ device, addresses }], world.clock.now())
    }
  }
  const pass = async (durationMs = 100): Promise<void> => {
    // Streams settle in turns of the event loop, which no clock counts.
    for (let part = 0; part < 10; part++) {
      await world.clock.advance(durationMs / 10)
      for (let turn = 0; turn < 10; turn++) await new Promise(resolve => { setImmediate(resolve) })
    }
  }
  return {
    world,
    networks,
    introduce,
    pass,
    async node (who, { serves, store = createMemoryStore(), clock = world.clock, admits, active, policy } = {}) {
      const people = createPeople({ store, logger: silentLogger })
      const owed = createOwedMarks(store)
      const random = createSeededRandom(seed + nodes.size)
      const base = { store, people, clock, random, logger: silentLogger }
      const conversations = await createConversations({ ...base, store: owed.store, ...serves === undefined ? { device: who.device, person: who.did } : {} })
      const network = await networks.join(who.device.seed)
      const opened: string[] = []
      const counted: Network = new Proxy(network, {
        get (target, key) {
          if (key === 'open') {
            return async (...args: Parameters<Network['open']>) => {
              opened.push(args[0].peer)
              return await network.open(...args)
            }
          }
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) as unknown : value
        }
      })
      const sync = await createSync({ ...base, network: counted, conversations, device: who.device, ...serves === undefined ? { person: who.did } : {} }, serves === undefined ? {} : { serves: () => serves })
      routes.set(who.device.did, { person: who.did, peer: network.peerId, addresses: network.addresses() })
      const delivery = createDelivery({ ...base, network: counted, conversations, sync, owed }, {
        self: who.device.did,
        own: () => serves ?? [who.did],
        duty: serves === undefined ? 'own' : 'all',
        ...admits === undefined ? {} : { admits: async (_conversation, person) => admits(person) },
        active,
        policy
      })
      const node: Node = {
        who, store, people, conversations, clock, network, sync, delivery, opened,
        async stop () {
          nodes.delete(node)
          await delivery.stop()
          await sync.stop()
          await conversations.stop().catch(() => {})
          await network.stop()
        }
      }
      nodes.add(node)
      await introduce()
      return node
    },
    async until (holds) {
      for (let round = 0; round < 1000 && !await holds(); round++) await pass()
    },
    async stop () {
      for (const node of [...nodes]) await node.stop()
      await networks.stop()
    }
  }
}

/** Writes messages, one after the other. */
export async function say ({ conversations }: Node, id: CID, world: World, count = 1): Promise<CID> {
  const conversation = await conversations.open(id)
  let last: CID | undefined
  for (let n = 0; n < count; n++) last = (await conversation.append({ verb: 'add', thing: 'message', message: new Uint8Array(world.random(16)), body: `message ${n}` })).cid
  return last ?? id
}

/** Returns how an action stands, by the name of the target: `person`, or kind and name. */
export async function states ({ delivery }: Node, id: CID, action: CID, person: Did): Promise<Record<string, DeliveryState>> {
  const records = (await delivery.records(id, action)).filter(({ target }) => target.person === person)
  return Object.fromEntries(records.map(({ target, state }) => [target.kind, state]))
}

/** Returns how many actions a node has of a conversation. */
export async function countOf ({ conversations }: Node, id: CID): Promise<number> {
  const frontier = await conversations.holder(id).frontier()
  return frontier.reduce((sum, { seq }) => sum + seq + 1, 0)
}

/** Tells whether a store has a mark that something is owed. */
export async function isMarked (store: Store): Promise<boolean> {
  for await (const _mark of store.entries('/delivery/owed/')) return true
  return false
}
