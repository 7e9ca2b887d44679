import type { AbortOptions, CID } from '@parley/core'
import { LINK_BYTES, compareAt } from '../format/cbor-reader.ts'
import type { Basics } from '../format/basics.ts'
import { keyBytes, keyName } from '../format/key-name.ts'
import { parseAction, type ParsedAction } from '../format/parse-action.ts'
import { createLogIndex, type LogIndex } from '../log/log-index.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { checkAction, type Facts } from '../merge/check-action.ts'
import { faultOf } from './finding.ts'
import { causalOrder, vouch, type Lineage } from './lineage.ts'
import type { FaultKind, HistoryFinding, HistoryProgress } from './types.ts'

/** What was read of a history before its actions are judged by what they follow. */
export interface Gathered {
  conversation: CID
  basics: Basics | undefined
  lineage: Lineage
  /** Why devices of actions may not write, by the name of the action. */
  deviceErrors: Map<string, Error>
  /** Blocks that are here and are no actions to build on, by name. */
  broken: Set<string>
  /** Blocks that should be here, by name. */
  missing: Set<string>
  faults: HistoryFinding[]
  signatures: number
  /** Returns the block of an action that was read before. */
  get(cid: CID): Promise<Uint8Array>
}

/** How the actions of a history were judged. */
export interface Judged {
  /** The log as somebody has it who merges all of it; undefined without basics. */
  index: LogIndex | undefined
  unchecked: number
  /** Actions that began each epoch. */
  beginnings: Map<number, number>
}

const PROGRESS_EVERY = 64

/**
 * Judges actions by what they follow, each with the rule of merging itself,
 * into a log of its own that nothing else has touched. An action that builds
 * on something missing or refused is not judged, since no replica would.
 */
export async function judgeActions (gathered: Gathered, { now, signal, onProgress }: AbortOptions & { now: number, onProgress?: ((progress: HistoryProgress) => void) | undefined }): Promise<Judged> {
  const { lineage, conversation, basics, faults } = gathered
  const order = causalOrder(lineage)
  vouch(lineage, order)
  nameMissing(gathered)
  if (basics === undefined) return { index: undefined, unchecked: order.length, beginnings: new Map() }
  const index = createLogIndex(basics)
  const beginnings = new Map<number, number>()
  let unchecked = 0
  let done = 0
  for (const node of order) {
    signal?.throwIfAborted()
    const cid = cidOfHash(node.hash)
    const action = parseAction(await gathered.get(cid))
    const facts: Facts = { conversation: conversation.multihash.digest, now, isGenuine: node.isGenuine, deviceError: gathered.deviceErrors.get(keyName(node.hash)) }
    const verdict = checkAction(index, action, facts)
    if (verdict.kind === 'accept') {
      if (isBeginning(index, action, verdict.placed.parents)) beginnings.set(action.epoch, (beginnings.get(action.epoch) ?? 0) + 1)
      index.add(action, node.hash, verdict.placed)
    } else if (verdict.kind === 'wait') unchecked++
    else faults.push(...misplaced(index, cid, action, facts))
    if (++done % PROGRESS_EVERY === 0 || done === order.length) onProgress?.({ step: 'judging', done, total: order.length })
  }
  faults.push(...await forksOf(gathered, index))
  return { index, unchecked, beginnings }
}

/** Names what is wrong with an action's place. What is wrong with it by itself was named before. */
function misplaced (index: LogIndex, cid: CID, action: ParsedAction, facts: Facts): HistoryFinding[] {
  const verdict = checkAction(index, action, { ...facts, now: Number.POSITIVE_INFINITY, isGenuine: true, deviceError: undefined })
  if (verdict.kind !== 'refuse') return []
  const found = verdict.error.name === 'OutOfSequenceError' ? sequenceFaults(index, cid, action) : []
  if (found.length > 0) return found
  // The rule of merging is asked, so whatever it refuses is named even where nothing here knows why.
  const kind: FaultKind = verdict.error.name === 'NotAParticipantError' ? 'not-a-participant' : verdict.error.name === 'NotPermittedError' ? 'not-permitted' : 'out-of-sequence'
  return [faultOf(kind, cid, verdict.error.message.replace(/\.$/, ''), action)]
}

/** Looks at each part of an action's place by itself, where merging stops at the first. */
function sequenceFaults ({ rows, authors }: LogIndex, cid: CID, action: ParsedAction): HistoryFinding[] {
  const { bytes, prevAt, authorAt, personAt, seq, time, epoch } = action
  const found: HistoryFinding[] = []
  const parents = parentsOf(action).map(at => rows.find(bytes, at))
  const prev = prevAt < 0 ? -1 : rows.find(bytes, prevAt)
  const author = authors[rows.size === 0 || prev < 0 ? -1 : rows.author(prev)]
  if (author !== undefined && compareAt(bytes, authorAt, author.key, 0, 32) !== 0) found.push(faultOf('broken-chain', cid, 'What this action names as its author’s previous one is another author’s', action))
  else if (author !== undefined && compareAt(bytes, personAt, author.person, 0, 32) !== 0) found.push(faultOf('broken-chain', cid, 'What this action names as its author’s previous one was written for another person', action))
  else if (author !== undefined && rows.seq(prev) + 1 !== seq) found.push(faultOf('broken-chain', cid, `This action has the sequence number ${seq} and follows number ${rows.seq(prev)}`, action))
  if (parents.some(parent => time.wallMs - rows.wallMs(parent) < 0 || (time.wallMs === rows.wallMs(parent) && time.counter <= rows.counter(parent)))) {
    found.push(faultOf('time-before-parent', cid, 'This action’s time is not after that of what it follows', action))
  }
  const seen = parents.reduce((most, parent) => Math.max(most, rows.epoch(parent)), -1)
  if (epoch !== Math.max(seen, 0) && !(epoch === seen + 1 && action.keys !== undefined)) found.push(faultOf('wrong-epoch', cid, `This action is sealed in key epoch ${epoch}, and what it follows in ${seen}`, action))
  return found
}

function parentsOf ({ prevAt, headsAt, headCount }: ParsedAction): number[] {
  const heads = Array.from({ length: headCount }, (_none, number) => headsAt + number * LINK_BYTES)
  return prevAt < 0 ? heads : [prevAt, ...heads]
}

function isBeginning ({ rows }: LogIndex, { epoch, keys }: ParsedAction, parents: number[]): boolean {
  return keys !== undefined && parents.every(parent => rows.epoch(parent) < epoch)
}

/** Names what actions follow and nobody has, each once. */
function nameMissing ({ lineage, broken, missing, faults }: Gathered): void {
  const followers = new Map([...missing].map(name => [name, 0]))
  for (const { parents } of lineage.values()) {
    for (const parent of parents) {
      if (!lineage.has(parent) && !broken.has(parent)) followers.set(parent, (followers.get(parent) ?? 0) + 1)
    }
  }
  for (const [name, count] of followers) {
    const what = count === 0 ? 'An action of this conversation is missing' : `An action is missing that ${count === 1 ? 'another follows' : `${count} others follow`}`
    faults.push(faultOf('missing-block', cidOfHash(keyBytes(name)), what))
  }
}

/** Names each action but the first, in the common order, that takes a place of its author's chain which another has. */
async function forksOf ({ get }: Gathered, { rows }: LogIndex): Promise<HistoryFinding[]> {
  const places = new Map<string, number[]>()
  for (let row = 0; row < rows.size; row++) {
    const place = `${rows.author(row)}/${rows.prev(row)}`
    const others = places.get(place)
    if (others === undefined) places.set(place, [row])
    else others.push(row)
  }
  const found: HistoryFinding[] = []
  for (const taken of places.values()) {
    if (taken.length < 2) continue
    const [first = 0, ...others] = taken.sort(rows.compare)
    for (const row of others) {
      const cid = cidOfHash(rows.hash(row))
      found.push(faultOf('fork', cid, `Its author signed another action with the sequence number ${rows.seq(row)}, ${cidOfHash(rows.hash(first)).toString()}`, parseAction(await get(cid))))
    }
  }
  return found
}
