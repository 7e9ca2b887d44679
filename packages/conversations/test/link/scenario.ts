import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { silentLogger, type CID, type Emitter } from '@parley/core'
import { createContactCard, type Did } from '@parley/identity'
import type { Network, PeerTarget } from '@parley/network'
import { createMemoryStore } from '@parley/network'
import { createFiles, createSync, createWindows, createYielding, type Content, type FileFields, type Files, type Sync, type SyncEvents, type SyncProgress, type Windows } from '../../src/index.ts'
import { syncFrameCodec } from '../../src/sync/frames.ts'
import { createWorld, type Replica, type Somebody, type World } from '../log/world.ts'
import { createBadLink, type BadLink, type LinkInit } from './bad-link.ts'

/** A node on the network, with what a telephone or a proxy runs. */
export interface Node extends Replica { network: Network, sync: Sync, windows: Windows, files: Files, target: PeerTarget }

export interface Line {
  world: World
  networks: MemoryNetworks
  node(who: Somebody, options?: { serves?: Did[] }): Promise<Node>
  stop(): Promise<void>
}

export function createLine (seed: number): Line {
  const world = createWorld(seed)
  const networks = createMemoryNetworks()
  const ends: Array<() => Promise<void>> = []
  return {
    world,
    networks,
    async node (who, { serves } = {}) {
      const store = createMemoryStore()
      const replica = await world.replica(who, { store, keyless: serves !== undefined })
      const network = await networks.join(who.device.seed, { store })
      const components = { network, conversations: replica.conversations, people: replica.people, device: who.device, ...serves === undefined ? { person: who.did } : {}, logger: silentLogger, clock: world.clock }
      const init = serves === undefined ? {} : { serves: () => serves }
      const sync = await createSync(components, init)
      const windows = await createWindows(components, init)
      const files = createFiles({ store, network, clock: world.clock, random: world.random, logger: silentLogger })
      ends.push(async () => { await sync.stop() }, async () => { await windows.stop() }, async () => { await replica.conversations.stop() })
      // Who shows a card of its own is known to whom it asks.
      const list = await replica.people.list(who.did) ?? who.list
      const card = await createContactCard(who.device.signer, { list, routes: [], issued: world.clock.now(), expires: world.clock.now() + 1000 })
      await replica.people.learnCard(card.bytes)
      return { ...replica, network, sync, windows, files, target: { peer: network.peerId, addresses: network.addresses() } }
    },
    async stop () {
      for (const end of ends) await end()
      await networks.stop()
    }
  }
}

/** Writes messages, every so often one with a file, all in commits of at most 500 actions. */
export async function talk ({ world }: Line, { conversations, files }: Node, id: CID, { actions, attachments = 0, fileBytes = 4096 }: { actions: number, attachments?: number, fileBytes?: number }): Promise<FileFields[]> {
  const conversation = await conversations.open(id)
  const announced: FileFields[] = []
  const contents: Content[] = []
  const every = attachments === 0 ? Number.POSITIVE_INFINITY : Math.floor((actions - attachments) / attachments)
  for (let messages = 0; contents.length < actions; messages++) {
    const message = new Uint8Array(world.random(16))
    contents.push({ verb: 'add', thing: 'message', message, body: `message ${messages}: a few words, as people write them` })
    if (messages % every !== every - 1 || contents.length >= actions) continue
    const { file, add } = await files.add([new Uint8Array(fileBytes).fill(messages)], { name: `${messages}.bin` })
    await files.announced(add)
    announced.push(file)
    contents.push({ verb: 'add', thing: 'attachment', message, file: { ...file, attachment: new Uint8Array(world.random(16)) } })
  }
  for (let from = 0; from < contents.length; from += 500) {
    await world.clock.advance(1000)
    await conversation.appendAll(contents.slice(from, from + 500))
  }
  return announced
}

/** What came of tries over a bad link. */
export interface Brought {
  tries: number
  cuts: number
  /** Actions that were here after each try. */
  progress: number[]
  /** Blocks that came, and how often one came that had come before. */
  blocks: number
  repeated: number
  /** The most blocks of one batch. */
  largestBatch: number
  /** Bytes of the blocks themselves, once, and of everything that the link carried. */
  blockBytes: number
  carriedBytes: number
  linkMs: number
}

/** Tries to sync until a try comes to its end. */
export async function bring ({ world }: Line, node: Node, from: PeerTarget, id: CID, init: Omit<LinkInit, 'random'>, { link = createBadLink({ ...init, random: world.random }), onTry, onProgress = () => {} }: { link?: BadLink, onTry?: (tries: number) => Promise<void>, onProgress?: (progress: SyncProgress) => void } = {}): Promise<Brought> {
  const seen = new Set<string>()
  const brought: Brought = { tries: 0, cuts: 0, progress: [], blocks: 0, repeated: 0, largestBatch: 0, blockBytes: 0, carriedBytes: 0, linkMs: 0 }
  const network = link.over(node.network, (bytes, way) => {
    if (way !== 'in') return
    const frame = syncFrameCodec.decode(bytes)
    if (frame.type !== 'batch') return
    brought.largestBatch = Math.max(brought.largestBatch, frame.blocks.length)
    for (const block of frame.blocks) {
      // The last bytes of a block are its signature.
      const name = Buffer.from(block.slice(-64)).toString('base64')
      brought.blocks++
      if (seen.has(name)) brought.repeated++
      else brought.blockBytes += block.byteLength
      seen.add(name)
    }
  })
  const { conversations, people, who } = node
  for (let isOver = false; !isOver;) {
    const sync = await createSync({ network, conversations, people, device: who.device, person: who.did, logger: silentLogger, clock: world.clock })
    sync.on('progress', onProgress)
    brought.tries++
    try {
      await sync.sync(id, from)
      isOver = true
    } catch (error) {
      if ((error as Error).name !== 'SyncInterruptedError' && (error as Error).message !== 'the link broke') throw error
    }
    await sync.stop()
    brought.progress.push((await conversations.holder(id).frontier()).reduce((sum, { seq }) => sum + seq + 1, 0))
    await onTry?.(brought.tries)
  }
  return Object.assign(brought, { cuts: link.cuts, carriedBytes: link.carriedBytes, linkMs: link.nowMs })
}

/** Fetches files over a link, one after the other, while `sync` is quiet. */
export function bringFiles ({ world }: Line, node: Node, from: PeerTarget, files: FileFields[], { link, sync }: { link: BadLink, sync: Pick<Emitter<SyncEvents>, 'on'> }): { done: Promise<void>, fetched: () => number } {
  let fetched = 0
  const yielding = createYielding({ sync, clock: world.clock })
  const over = createFiles({ store: node.store, network: link.over(node.network), clock: world.clock, random: world.random, logger: silentLogger }, { ready: async options => { await yielding.ready(options) }, attempts: 50 })
  const done = (async () => {
    for (const file of files) {
      await over.fetch(file, { peers: [from] })
      fetched++
    }
    yielding.stop()
  })()
  return { done, fetched: () => fetched }
}
