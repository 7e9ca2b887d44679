import { CID, createSystemClock, silentLogger, systemRandom, type Store } from '@parley/core'
import { createConversations, createSync, type Conversations, type Sync } from '@parley/conversations'
import { createNetwork, type Network, type PeerTarget } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { cast, introduced } from '../harness/cast.ts'
import { playRole } from '../harness/role.ts'
import { measureLimit } from './limit.ts'
import { writeLog } from './write-log.ts'

/** A node, as far as this benchmark needs it. */
interface Node { store: Store, network: Network, conversations: Conversations, sync: Sync }

/** What a replication came to. */
export interface Replicated { wallMs: number, cpuMs: number, received: number, refused: number, frontier: string }

/** Conversations have as many participants as authors, and one who only reads. */
export interface LogInit { authors: number, actions: number, bodyBytes: number }

let node: Node | undefined

async function start (folder: string, { authors, number, listen }: { authors: number, number: number, listen: string[] }): Promise<Node> {
  const everybody = await cast(authors + 1)
  const who = everybody[number]
  if (who === undefined) throw new RangeError(`there is no person ${number}`)
  const components = { clock: createSystemClock(), random: systemRandom, logger: silentLogger, device: who.device, person: who.did }
  const store = await openLevelStore(folder)
  const people = await introduced(store, everybody)
  const network = await createNetwork({ store, logger: silentLogger }, { seed: who.device.seed, listen })
  const conversations = await createConversations({ ...components, store, people })
  node = { store, network, conversations, sync: await createSync({ ...components, network, conversations, people }) }
  return node
}

/** Returns the frontier of a log in words that can be compared. */
async function frontierOf (conversations: Conversations, id: CID): Promise<string> {
  const entries = await conversations.holder(id).frontier()
  return entries.map(({ author, seq, cid }) => `${Buffer.from(author).toString('hex')} ${seq} ${cid.toString()}`).sort().join('\n')
}

export const role = {
  /** Starts the node that has the log; returns where it is. */
  async writes (folder: string, init: LogInit): Promise<{ id: string, target: PeerTarget, frontier: string }> {
    const { network, conversations } = await start(folder, { ...init, number: 0, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const id = await writeLog(conversations, { everybody: await cast(init.authors + 1), ...init })
    return { id: id.toString(), target: { peer: network.peerId, addresses: network.addresses() }, frontier: await frontierOf(conversations, id) }
  },
  /** Starts a node with an empty store. */
  async begins (folder: string, { authors }: LogInit): Promise<void> {
    await start(folder, { authors, number: authors, listen: [] })
  },
  /** Dials, and brings the log over, until it is on the disk. */
  async replicates (id: string, target: PeerTarget): Promise<Replicated> {
    if (node === undefined) throw new RangeError('the node was not started')
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    const result = await node.sync.sync(CID.parse(id), target)
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    return { wallMs, cpuMs: (user + system) / 1000, received: result.received, refused: result.refused, frontier: await frontierOf(node.conversations, CID.parse(id)) }
  },
  /** Reads the conversation that was replicated: opens its keys, decrypts and reduces it. */
  async reads (id: string): Promise<{ wallMs: number, messages: number }> {
    if (node === undefined) throw new RangeError('the node was not started')
    const startedMs = performance.now()
    const state = await (await node.conversations.open(CID.parse(id))).state()
    return { wallMs: performance.now() - startedMs, messages: state.messages.length }
  },
  /** Returns the actions that no other follows. */
  async heads (id: string): Promise<string[]> {
    if (node === undefined) throw new RangeError('the node was not started')
    return (await (await node.conversations.open(CID.parse(id))).state()).heads.map(String)
  },
  /** Measures the least that a durable copy of this log could cost. */
  async limit (id: string, folder: string): Promise<number> {
    if (node === undefined) throw new RangeError('the node was not started')
    const blocks: Uint8Array[] = []
    for await (const batch of node.conversations.holder(CID.parse(id)).since([])) blocks.push(...batch)
    return await measureLimit(blocks, folder)
  },
  async stops (): Promise<void> {
    await node?.sync.stop()
    await node?.network.stop()
    await node?.conversations.stop()
    await node?.store.close()
  }
}

if (process.send !== undefined) playRole(role)
