import { CarWriter } from '@ipld/car'
import type { AbortOptions, CID, Store } from '@parley/core'
import { didFromPublicKey, type Did, type People } from '@parley/identity'
import { keyBytes, keyName } from '../format/key-name.ts'
import { parseAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { readBlock } from '../log/log-stream.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { HistoryProgress } from './types.ts'
import { attachmentsOf, walkBlocks } from './walk-attachments.ts'

export interface ExportCarOptions extends AbortOptions {
  /** With the blocks of attachments and spoken messages, as far as this store has them. @default true */
  attachments?: boolean | undefined
  onProgress?: ((progress: HistoryProgress) => void) | undefined
}

/** What went into a CAR. */
export interface CarSummary {
  conversation: CID
  actions: number
  /** Device lists, one a person. */
  lists: number
  /** Blocks that belong to actions. */
  attachments: number
  /** Blocks of attachments that are not in this store. */
  missing: number
  sizeBytes: number
}

const PROGRESS_EVERY = 64

/**
 * Yields a conversation as a CAR (version 1): its basics, the device lists of
 * all who were ever in it, its actions in the common order, and what belongs to
 * them. The same log and lists make the same bytes.
 *
 * @throws {StorageUnavailableError} when a block of the log is gone
 */
export async function * exportCar ({ store, people }: { store: Store, people: People }, conversation: CID, index: LogIndex, { attachments = true, signal, onProgress }: ExportCarOptions = {}): AsyncGenerator<Uint8Array, CarSummary> {
  const { rows } = index
  const order = Array.from({ length: rows.size }, (_none, row) => row).sort(rows.compare)
  const heads = [...index.heads].sort(rows.compare).map(row => cidOfHash(rows.hash(row)))
  const summary: CarSummary = { conversation, actions: 0, lists: 0, attachments: 0, missing: 0, sizeBytes: 0 }
  const { writer, out } = CarWriter.create([conversation, ...heads])
  const put = async (cid: CID, bytes: Uint8Array): Promise<void> => {
    signal?.throwIfAborted()
    await writer.put({ cid, bytes })
  }
  const write = async (): Promise<void> => {
    await put(conversation, await readBlock(store, conversation))
    for (const person of everIn(index)) {
      const list = await people.list(person)
      if (list === undefined) continue
      await put(list.cid, list.bytes)
      summary.lists++
    }
    const linked: CID[] = []
    for (const row of order) {
      const cid = cidOfHash(rows.hash(row))
      const bytes = await readBlock(store, cid)
      await put(cid, bytes)
      if (attachments) linked.push(...attachmentsOf(parseAction(bytes)))
      if (++summary.actions % PROGRESS_EVERY === 0 || summary.actions === order.length) onProgress?.({ step: 'writing', done: summary.actions, total: order.length })
    }
    const visited = new Set([conversation, ...order.map(row => cidOfHash(rows.hash(row)))].map(cid => keyName(cid.multihash.digest)))
    for await (const { cid, bytes } of walkBlocks(linked, async cid => await store.getBlock(cid), visited, { signal })) {
      if (bytes === undefined) summary.missing++
      else {
        await put(cid, bytes)
        summary.attachments++
      }
    }
  }
  // Whoever reads slowly holds the writing up: each block waits until the one before it was taken.
  const written = (async () => {
    try {
      await write()
    } finally {
      await writer.close()
    }
  })()
  // Awaited below, when what was written before the fault has been read.
  written.catch(() => {})
  for await (const chunk of out) {
    summary.sizeBytes += chunk.byteLength
    yield chunk
  }
  await written
  return summary
}

/** Returns everybody who ever was in a conversation by what its log says in clear, sorted. */
export function everIn ({ access, rows, creatorName, authors }: LogIndex): Did[] {
  const names = new Set([creatorName, ...authors.map(({ personName }) => personName)])
  const seen = new Set<number>()
  for (let row = 0; row < rows.size; row++) {
    const version = rows.access(row)
    if (seen.has(version)) continue
    seen.add(version)
    for (const name of access.people(version).keys()) names.add(name)
  }
  return [...names].map(name => didFromPublicKey(keyBytes(name))).sort()
}
