import { silentLogger, type CID, type Store } from '@parley/core'
import { createFiles, removeFilesWith, type AddedFile, type Files } from '../../src/index.ts'
import type { Replica, Somebody, World } from '../log/world.ts'

/** A device that keeps files, and removes them with their conversations. */
export interface Device extends Replica { files: Files }

export async function deviceOf (world: World, who: Somebody, store: Store): Promise<Device> {
  const files = createFiles({ store, clock: world.clock, random: world.random, logger: silentLogger })
  return { ...await world.replica(who, { store, removeLinked: removeFilesWith(files) }), files }
}

/** Adds a file of some bytes, to be announced in any number of conversations. */
export async function fileOf ({ files }: Device, sizeBytes: number): Promise<AddedFile> {
  const added = await files.add([new Uint8Array(sizeBytes).fill(sizeBytes)], { name: 'a.bin' })
  await files.announced(added.add)
  return added
}

/** Sends a message with a file in a conversation. */
export async function attach (world: World, { conversations }: Device, id: CID, { file }: AddedFile): Promise<void> {
  const conversation = await conversations.open(id)
  const message = new Uint8Array(world.random(16))
  await conversation.append({ verb: 'add', thing: 'message', message, body: 'look' })
  await conversation.append({ verb: 'add', thing: 'attachment', message, file: { ...file, attachment: new Uint8Array(world.random(16)) } })
}

/** Returns the keys of a store that name a conversation, but for the mark that it was purged. */
export async function keysWith (store: Store, id: CID): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.entries('/')) if (key.includes(id.toString()) && !key.startsWith('/conversations/purged/')) keys.push(key)
  return keys
}

/** Returns how many of some blocks are on a disk. */
export async function heldOf (store: Store, cids: readonly CID[]): Promise<number> {
  const found = await Promise.all(cids.map(async cid => await store.getBlock(cid)))
  return found.filter(block => block !== undefined).length
}

/** Returns the CIDs of everything in a log, its basics too. */
export async function cidsOf ({ conversations }: Replica, id: CID): Promise<CID[]> {
  const cids = [id]
  for await (const { cid } of (await conversations.open(id)).actions()) cids.push(cid)
  return cids
}
