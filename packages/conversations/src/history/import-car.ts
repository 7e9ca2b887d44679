import type { AbortOptions, Change, CID, Clock, Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import { parseAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { MergeOptions, MergeOutcome } from '../types.ts'
import type { CarSource } from './car-source.ts'
import { NobodysConversationError, UnsoundCarError } from './errors.ts'
import { everIn } from './export-car.ts'
import type { HistoryFinding, VerifyReport } from './types.ts'
import { verifyCar, type VerifiedCar, type VerifyCarOptions } from './verify.ts'
import { attachmentsOf, walkBlocks } from './walk-attachments.ts'

export interface ImportComponents {
  store: Store
  people: People
  clock: Clock
  merge(id: CID, blocks: Uint8Array[], options?: MergeOptions): Promise<MergeOutcome>
}

export interface ImportCarOptions extends VerifyCarOptions {
  /** Takes in what verifies of a CAR that breaks off or has faults. @default false: then nothing is taken in */
  partial?: boolean | undefined
}

/** What an import did. */
export interface ImportReport {
  conversation: CID
  /** Actions that are new here. */
  stored: number
  /** Actions that were here before. */
  known: number
  /** Actions of the CAR that were left out, as missing what they build on or faulty. */
  left: number
  /** Blocks of attachments that are new here. */
  attachments: number
  /** What verifying the CAR found. */
  report: VerifyReport
}

const BATCH_BYTES = 1024 * 1024
const BATCH_BLOCKS = 1024

/**
 * Takes a conversation in from a CAR, when all of it verifies: device lists,
 * then actions as from any peer, then what belongs to them. Importing again
 * changes nothing, and goes on after an import that was interrupted. A fork is
 * no reason to refuse: replicas keep both branches.
 *
 * @param isOurs whether somebody is served by this store; undefined where it keeps for others
 * @throws {DamagedCarError | NoConversationInCarError | UnsoundCarError | NobodysConversationError | StorageUnavailableError}
 */
export async function importCar (components: ImportComponents, source: CarSource, isOurs: ((person: Did) => boolean) | undefined, { partial = false, ...options }: ImportCarOptions = {}): Promise<ImportReport> {
  const { people, clock } = components
  const verified = await verifyCar({ now: clock.now(), lists: async person => await people.list(person) }, source, options)
  const { report, index, car } = verified
  const faults = report.faults.filter(fault => !isKept(fault))
  if (!partial && car.damage !== undefined) throw car.damage
  if (index === undefined || (!partial && faults.length > 0)) throw new UnsoundCarError(faults)
  if (isOurs !== undefined && !everIn(index).some(isOurs)) throw new NobodysConversationError(report.conversation)
  await learnLists(people, verified, index)
  const order = Array.from({ length: index.rows.size }, (_none, row) => row).sort(index.rows.compare)
  const merged = await mergeAll(components, verified, index, order, options)
  const attachments = await keepAttachments(components.store, verified, index, order, options)
  return { conversation: report.conversation, ...merged, left: report.actions.total - order.length + merged.left, attachments, report }
}

function isKept ({ kind }: HistoryFinding): boolean {
  return kind === 'fork'
}

/** Lists vouch for themselves, so that they came in a file does not matter. Those of people with no part in it stay out. */
async function learnLists (people: People, { sorted }: VerifiedCar, index: LogIndex): Promise<void> {
  for (const person of everIn(index)) {
    const list = sorted.lists.get(person)
    if (list === undefined) continue
    // A list begun apart from the known one was not used for verifying either.
    await people.learnList(list.bytes).catch((error: unknown) => {
      if ((error as Error).name !== 'ForkedDeviceListError') throw error
    })
  }
}

async function mergeAll ({ merge }: ImportComponents, { gathered, report: { conversation } }: VerifiedCar, index: LogIndex, order: number[], { signal, onProgress }: VerifyCarOptions): Promise<Pick<ImportReport, 'stored' | 'known' | 'left'>> {
  const counted = { stored: 0, known: 0, left: 0 }
  let batch = [await gathered.get(conversation)]
  let sizeBytes = 0
  const flush = async (done: number): Promise<void> => {
    const { outcomes } = await merge(conversation, batch, { durable: true, signal, from: 'a CAR' })
    for (const outcome of outcomes) {
      if (!outcome.ok) counted.left++
      else if (outcome.kind !== 'basics') counted[outcome.kind]++
    }
    batch = []
    sizeBytes = 0
    onProgress?.({ step: 'merging', done, total: order.length })
  }
  for (const [done, row] of order.entries()) {
    signal?.throwIfAborted()
    const bytes = await gathered.get(cidOfHash(index.rows.hash(row)))
    batch.push(bytes)
    sizeBytes += bytes.byteLength
    if (sizeBytes >= BATCH_BYTES || batch.length >= BATCH_BLOCKS) await flush(done + 1)
  }
  if (batch.length > 0) await flush(order.length)
  return counted
}

/** Stores what belongs to the actions and is new here. Each block is what its CID names, so none can replace another. */
async function keepAttachments (store: Store, { car, gathered }: VerifiedCar, { rows }: LogIndex, order: number[], { signal }: AbortOptions): Promise<number> {
  const visited = new Set<string>()
  let changes: Change[] = []
  let sizeBytes = 0
  let kept = 0
  const flush = async (): Promise<void> => {
    if (changes.length > 0) await store.commit(changes, { durable: true })
    changes = []
    sizeBytes = 0
  }
  for (const row of order) {
    const roots = attachmentsOf(parseAction(await gathered.get(cidOfHash(rows.hash(row)))))
    for await (const { cid, bytes } of walkBlocks(roots, car.get, visited, { signal })) {
      if (bytes === undefined || await store.getBlock(cid) !== undefined) continue
      changes.push({ type: 'block', cid, bytes })
      kept++
      sizeBytes += bytes.byteLength
      if (sizeBytes >= BATCH_BYTES) await flush()
    }
  }
  await flush()
  return kept
}
