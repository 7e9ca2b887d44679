import type { AbortOptions, CID, Store } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import { keyName } from '../format/key-name.ts'
import { parseAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { CarSource } from './car-source.ts'
import { checkContents, type CheckedContents, type MakeReader } from './check-contents.ts'
import { createExaminer } from './examine.ts'
import { faultOf, noteOf, sortFindings } from './finding.ts'
import { listsOf, sortCar, type SortedCar } from './gather-car.ts'
import { beginGathering, gatherLog, take } from './gather-log.ts'
import { judgeActions, type Gathered, type Judged } from './judge.ts'
import { openCar, type OpenCar } from './open-car.ts'
import { staleRows } from './stale-index.ts'
import type { FindList, HistoryFinding, HistoryProgress, NoteKind, VerifyReport } from './types.ts'
import { attachmentsOf, walkBlocks } from './walk-attachments.ts'

export interface VerifyComponents {
  /** Now, in wall milliseconds: what is dated later is a fault. */
  now: number
  /** Device lists that are known already. A CAR's own are used beside them. */
  lists?: FindList | undefined
  /** Reads contents; without it only what is said in clear is checked. */
  makeReader?: MakeReader | undefined
}

export interface VerifyOptions extends AbortOptions {
  onProgress?: ((progress: HistoryProgress) => void) | undefined
}

export interface VerifyCarOptions extends VerifyOptions {
  /** Which conversation is meant, where the CAR holds several. */
  conversation?: CID | undefined
}

/** A CAR that was verified, with what importing needs of it. */
export interface VerifiedCar {
  report: VerifyReport
  car: OpenCar
  sorted: SortedCar
  gathered: Gathered
  index: LogIndex | undefined
}

/** Verifies the log of a store: every block is read again, and every signature checked by itself. */
export async function verifyLog (components: VerifyComponents & { lists: FindList }, store: Store, conversation: CID, stored: LogIndex, options: VerifyOptions = {}): Promise<VerifyReport> {
  const gathered = await gatherLog(store, conversation, stored, { ...options, now: components.now, lists: components.lists })
  const judged = await judgeActions(gathered, { ...options, now: components.now })
  if (judged.index !== undefined) gathered.faults.push(...await staleRows(stored, judged.index, gathered))
  const attachments = await countAttachments(gathered, async cid => await store.getBlock(cid), new Set(), options)
  return await report(components, gathered, judged, attachments, [], options)
}

/**
 * Verifies the conversation in a CAR by what the CAR holds and, where given,
 * by device lists that are known otherwise.
 *
 * @throws {DamagedCarError} when it is no CAR at all; one that breaks off is a fault of the report
 * @throws {NoConversationInCarError}
 */
export async function verifyCar (components: VerifyComponents, source: CarSource, options: VerifyCarOptions = {}): Promise<VerifiedCar> {
  const car = await openCar(source, options)
  const sorted = await sortCar(car, options)
  const { conversation } = sorted
  const lists = listsOf(sorted.lists, components.lists)
  const gathered = await beginGathering(conversation, await car.get(conversation), car.get)
  for (const name of sorted.alteredNames) gathered.broken.add(name)
  gathered.faults.push(...sorted.altered.filter(({ cid }) => cid?.equals(conversation) !== true))
  if (car.damage !== undefined) gathered.faults.push(faultOf('damaged-car', null, car.damage.message))
  const examine = createExaminer({ conversation, lists, now: components.now })
  for (const { cid, ...entry } of [...sorted.actions, ...sorted.malformed]) {
    options.signal?.throwIfAborted()
    await take(gathered, examine, cid, await car.read({ cid, ...entry }))
  }
  nameMissingRoots(car, gathered)
  const judged = await judgeActions(gathered, { ...options, now: components.now })
  const visited = new Set([keyName(conversation.multihash.digest)])
  const attachments = await countAttachments(gathered, car.get, visited, options)
  const notes = [...sorted.others].filter(([name]) => !visited.has(name)).map(([, { cid }]) => noteOf('stray-block', cid, 'Nothing in the CAR leads to this block'))
  return { report: await report(components, gathered, judged, attachments, notes, options), car, sorted, gathered, index: judged.index }
}

function nameMissingRoots ({ roots, entries }: OpenCar, { missing, conversation }: Gathered): void {
  const here = new Set(entries.map(({ cid }) => keyName(cid.multihash.digest)))
  for (const root of roots) {
    const name = keyName(root.multihash.digest)
    // Missing basics are a fault already.
    if (!here.has(name) && !root.equals(conversation)) missing.add(name)
  }
}

interface Attachments { linked: number, present: number }

/** Reads whatever belongs to the actions and is here; altered blocks are faults, missing ones are not: attachments need not be kept. */
async function countAttachments (gathered: Gathered, get: (cid: CID) => Promise<Uint8Array | undefined>, visited: Set<string>, { signal }: AbortOptions): Promise<Attachments> {
  const counted: Attachments = { linked: 0, present: 0 }
  for (const { hash } of gathered.lineage.values()) {
    const roots = attachmentsOf(parseAction(await gathered.get(cidOfHash(hash))))
    for await (const { cid, bytes, isAltered } of walkBlocks(roots, get, visited, { signal })) {
      counted.linked++
      if (bytes !== undefined) counted.present++
      if (isAltered && !gathered.broken.has(keyName(cid.multihash.digest))) gathered.faults.push(faultOf('altered-block', cid, 'This block of an attachment is not what its CID names'))
    }
  }
  return counted
}

async function report ({ makeReader }: VerifyComponents, gathered: Gathered, { index, unchecked, beginnings }: Judged, attachments: Attachments, notes: Array<HistoryFinding<NoteKind>>, options: VerifyOptions): Promise<VerifyReport> {
  const { conversation, basics, lineage, broken, signatures } = gathered
  let contents: CheckedContents | undefined
  if (index !== undefined && makeReader !== undefined) {
    options.onProgress?.({ step: 'contents', done: 0, total: index.rows.size })
    contents = await checkContents(makeReader, conversation, index, gathered.get, beginnings, options)
  }
  const faults = sortFindings([...gathered.faults, ...contents?.faults ?? []])
  const faulty = new Set(faults.flatMap(({ kind, cid }) => cid === null || kind === 'missing-block' ? [] : [keyName(cid.multihash.digest)]))
  const faultyActions = [...faulty].filter(name => lineage.has(name) || broken.has(name)).length
  const rows = index?.rows
  const walls = [...lineage.values()].map(({ wallMs }) => wallMs)
  const total = lineage.size + [...faulty].filter(name => broken.has(name) && !lineage.has(name)).length
  return {
    conversation,
    ok: faults.length === 0,
    created: basics?.time,
    creator: basics === undefined ? undefined : didFromPublicKey(basics.creator),
    actions: { total, sound: Math.max(0, total - faultyActions - unchecked), faulty: faultyActions, unchecked },
    signatures,
    authors: index?.authors.map(({ key }) => didFromPublicKey(key)) ?? [],
    heads: rows === undefined ? [] : [...index?.heads ?? []].sort(rows.compare).map(row => cidOfHash(rows.hash(row))),
    epochs: beginnings.size,
    from: walls.reduce<number | undefined>((least, wall) => least === undefined || wall < least ? wall : least, undefined),
    to: walls.reduce<number | undefined>((most, wall) => most === undefined || wall > most ? wall : most, undefined),
    contents: contents === undefined ? undefined : { read: contents.read, unreadable: contents.unreadable },
    attachments,
    faults,
    notes: sortFindings([...notes, ...contents?.notes ?? []])
  }
}
