import { CarWriter } from '@ipld/car'
import { CID, cidOf, silentLogger, type Store } from '@parley/core'
import { createPeople } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { createHistory } from '../../src/history/history.ts'
import type { ConversationHistory, VerifyReport } from '../../src/index.ts'
import { createWorld, type Replica, type Somebody, type World } from '../log/world.ts'

export const bytes16 = (value: number): Uint8Array => new Uint8Array(16).fill(value)

/** Alice and Bob in a conversation in which both have written. */
export interface Dinner {
  world: World
  alicia: Somebody
  bobby: Somebody
  alice: Replica
  bob: Replica
  id: CID
}

/** Makes a conversation whose actions are some seconds apart, the newest being Bob's. */
export async function createDinner (seed = 1): Promise<Dinner> {
  const world = createWorld(seed)
  const alicia = await world.somebody('Alice')
  const bobby = await world.somebody('Bob')
  const alice = await world.replica(alicia)
  const bob = await world.replica(bobby)
  const here = await alice.conversations.create({ subject: 'Dinner', participants: [bobby.did] })
  await say(world, alice, here.id, 1, 'Are you hungry?')
  await exchange(alice, bob, here.id)
  await say(world, bob, here.id, 2, 'Always.')
  await say(world, bob, here.id, 3, 'And you?')
  await exchange(bob, alice, here.id)
  return { world, alicia, bobby, alice, bob, id: here.id }
}

export async function say (world: World, who: Replica, id: CID, number: number, body: string): Promise<CID> {
  await world.clock.advance(5000)
  const conversation = await who.conversations.open(id)
  return (await conversation.append({ verb: 'add', thing: 'message', message: bytes16(number), body })).cid
}

export async function exchange (from: Replica, to: Replica, id: CID): Promise<void> {
  const target = to.conversations.holder(id)
  for await (const blocks of from.conversations.holder(id).since(await target.frontier())) await target.merge(blocks)
}

/** Returns a replica's export in one piece. */
export async function carOf ({ conversations }: Replica, id: CID, options: { attachments?: boolean } = {}): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of conversations.history.exportCar(id, options)) chunks.push(chunk)
  return join(chunks)
}

/** Writes blocks, which need not be those of their CIDs, as a CAR. */
export async function writeCar (roots: CID[], blocks: Array<{ cid: CID, bytes: Uint8Array }>): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  const written = (async () => {
    for (const block of blocks) await writer.put(block)
    await writer.close()
  })()
  const chunks: Uint8Array[] = []
  for await (const chunk of out) chunks.push(chunk)
  await written
  return join(chunks)
}

/** What a CAR holds, to be changed and written again. */
export async function blocksOfCar (car: Uint8Array): Promise<{ roots: CID[], blocks: Array<{ cid: CID, bytes: Uint8Array }> }> {
  const { CarReader } = await import('@ipld/car')
  const reader = await CarReader.fromBytes(car)
  const blocks = []
  for await (const { cid, bytes } of reader.blocks()) blocks.push({ cid: CID.decode(cid.bytes), bytes })
  return { roots: (await reader.getRoots()).map(root => CID.decode(root.bytes)), blocks }
}

/** The tools of somebody who knows nobody and has no keys. */
export async function stranger (world: World): Promise<{ history: ConversationHistory, store: Store }> {
  const store = createMemoryStore()
  const people = createPeople({ store, logger: silentLogger })
  const history = createHistory({
    store,
    people,
    clock: world.clock,
    merge: async () => ({ outcomes: [], stored: [], refused: 0 }),
    makeReader: undefined,
    person: undefined
  })
  return { history, store }
}

/** What was found, in short: of each fault its kind and whose action it is about. */
export function found ({ faults }: VerifyReport): Array<[kind: string, cid: string | undefined]> {
  return faults.map(({ kind, cid }) => [kind, cid?.toString()])
}

/** Puts a block into a store as if it were that of another CID. */
export async function replaceBlock (store: Store, cid: CID, bytes: Uint8Array): Promise<void> {
  await store.commit([{ type: 'block', cid, bytes }])
}

/** Changes one byte of a block in the middle. */
export function altered (bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  const at = copy.length >> 1
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

export function named (bytes: Uint8Array): { cid: CID, bytes: Uint8Array } {
  return { cid: cidOf(bytes), bytes }
}

function join (chunks: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
