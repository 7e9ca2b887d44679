import { InvalidBytesError, sha256, type CID, type Change, type Clock } from '@parley/core'
import type { People } from '@parley/identity'
import { UnknownConversationError, type MissingParentError } from '../errors.ts'
import { decodeBasics, looksLikeBasics, type Basics } from '../format/basics.ts'
import { parseAction, type ParsedAction } from '../format/parse-action.ts'
import { createHashTable } from '../log/hash-table.ts'
import type { OpenLog } from '../log/open-log.ts'
import { cidOfHash, toStoredAction } from '../log/stored-action.ts'
import { PurgedConversationError } from '../purge/errors.ts'
import type { BlockOutcome, MergeOptions, MergeOutcome, StoredAction } from '../types.ts'
import type { Candidate } from './candidate.ts'
import { checkAction, type Facts, type Placed } from './check-action.ts'
import { findDeviceErrors } from './device-facts.ts'
import { findGenuine } from './signatures.ts'

/** A merge as it goes on: what the blocks turned out to be. */
interface Merging {
  readonly outcomes: Array<BlockOutcome | undefined>
  readonly cids: CID[]
  readonly candidates: Candidate[]
  /** Second copies of a block, which share the first one's outcome. */
  readonly copies: Array<{ position: number, of: number }>
  /** Held ones that were refused when their parent had come. */
  readonly late: BlockOutcome[]
  /** Finds the number of a candidate by the hash at a place in bytes, or -1. */
  find(bytes: Uint8Array, at: number): number
}

/** A merge's outcome, and what else is to be told of. */
export interface Merged {
  outcome: MergeOutcome
  /** Actions with which an author forked their chain. */
  forks: ParsedAction[]
  /** Held actions that were refused when their parent had come. */
  late: BlockOutcome[]
}

/**
 * Merges blocks into a log: takes them apart, checks one signature an author,
 * asks `checkAction` about each in causal order, and stores those that are
 * good in one commit. Nothing is told of an action before it is stored. With
 * `tellFirst` the caller flushes the log when it has told.
 */
export async function mergeBlocks (components: { people: People, clock: Clock }, log: OpenLog, blocks: Uint8Array[], options: MergeOptions): Promise<Merged> {
  const isNew = log.index.rows.size === 0
  const merging = takeApart(log, blocks)
  const deviceErrors = await findDeviceErrors(components.people, [...merging.candidates, ...log.held.values()])
  const genuine = await findGenuineOf(merging, deviceErrors)
  const now = components.clock.now()
  const forks: Candidate[] = []
  const accepted = decideAll(log, merging, candidate => ({
    conversation: log.hash,
    now,
    isGenuine: candidate.isHeld === true || genuine.has(candidate),
    deviceError: deviceErrors.get(candidate)
  }), forks)
  const changes: Change[] = isNew ? basicsChanges(log, blocks) : []
  const stored: StoredAction[] = []
  for (const { action, hash, position } of accepted) {
    const cid = merging.cids[position] ?? cidOfHash(hash)
    changes.push({ type: 'block', cid, bytes: action.bytes })
    stored.push(toStoredAction(log.id, cid, action))
  }
  if (changes.length > 0) await log.commit(changes, isToldFirst(options) ? { flushLater: true } : { durable: options.durable })
  return { outcome: summarise(merging, stored), forks: forks.map(({ action }) => action), late: merging.late }
}

/** Whether the flush that a merge promises comes after its actions are told of. */
function isToldFirst ({ durable = false, tellFirst = false }: MergeOptions): boolean {
  return durable && tellFirst
}

/** Whoever may not write at all costs no signature. */
async function findGenuineOf ({ candidates, find }: Merging, deviceErrors: Map<Candidate, Error>): Promise<Set<Candidate>> {
  const asked = deviceErrors.size === 0 ? candidates : candidates.filter(candidate => !deviceErrors.has(candidate))
  const numbers = deviceErrors.size === 0 ? undefined : new Map(asked.map((candidate, number) => [candidate, number]))
  const flags = await findGenuine(asked, ({ action: { bytes, prevAt } }) => {
    const number = prevAt < 0 ? -1 : find(bytes, prevAt)
    const prev = candidates[number]
    return numbers === undefined || prev === undefined ? number : numbers.get(prev) ?? -1
  })
  return new Set(asked.filter((_candidate, number) => flags[number] === 1))
}

/** Refuses everything: without the basics nothing is known of a conversation. */
export function refuseAll (conversation: CID, blocks: Uint8Array[]): MergeOutcome {
  const outcomes = blocks.map((bytes): BlockOutcome => ({ ok: false, cid: cidOfHash(sha256(bytes)), error: new UnknownConversationError(conversation), held: false }))
  return { outcomes, stored: [], refused: outcomes.length }
}

/** Refuses everything: the conversation was removed for good. */
export function refusePurged (blocks: Uint8Array[]): MergeOutcome {
  const outcomes = blocks.map((bytes): BlockOutcome => ({ ok: false, cid: cidOfHash(sha256(bytes)), error: new PurgedConversationError('here'), held: false }))
  return { outcomes, stored: [], refused: outcomes.length }
}

/** Returns the basics of a conversation when they are among the blocks. */
export function findBasics (hash: Uint8Array, blocks: Uint8Array[]): Basics | undefined {
  const bytes = blocks.find(block => isBasicsOf(hash, block))
  return bytes === undefined ? undefined : decodeBasics(bytes)
}

function isBasicsOf (hash: Uint8Array, block: Uint8Array): boolean {
  return looksLikeBasics(block) && isSame(sha256(block), hash)
}

function basicsChanges (log: OpenLog, blocks: Uint8Array[]): Change[] {
  const bytes = blocks.find(block => isBasicsOf(log.hash, block))
  return bytes === undefined ? [] : [{ type: 'block', cid: log.id, bytes }]
}

function takeApart (log: OpenLog, blocks: Uint8Array[]): Merging {
  const candidates: Candidate[] = []
  const located: { bytes: Uint8Array, at: number } = { bytes: new Uint8Array(), at: 0 }
  const table = createHashTable(number => {
    located.bytes = candidates[number]?.hash ?? located.bytes
    return located
  }, { expected: blocks.length })
  const cids: CID[] = []
  const copies: Merging['copies'] = []
  const outcomes = blocks.map((bytes, position): BlockOutcome | undefined => {
    const hash = sha256(bytes)
    const cid = cidOfHash(hash)
    cids.push(cid)
    if (log.index.rows.find(hash) >= 0) return { ok: true, cid, kind: 'known', forked: false }
    if (looksLikeBasics(bytes)) {
      return isSame(hash, log.hash) ? { ok: true, cid, kind: 'basics', forked: false } : { ok: false, cid, error: new InvalidBytesError('conversation’s basics', 'they are another conversation’s'), held: false }
    }
    const first = table.find(hash, 0)
    if (first >= 0) {
      copies.push({ position, of: candidates[first]?.position ?? 0 })
      return undefined
    }
    try {
      candidates.push({ action: parseAction(bytes), hash, position })
    } catch (error) {
      return { ok: false, cid, error: error as Error, held: false }
    }
    table.add(hash, 0, candidates.length - 1)
    return undefined
  })
  return {
    outcomes,
    cids,
    candidates,
    copies,
    late: [],
    find: (bytes, at) => table.find(bytes, at)
  }
}

/** Decides about all candidates, and about held ones as their parents come; returns the accepted in causal order. */
function decideAll (log: OpenLog, merging: Merging, factsOf: (candidate: Candidate) => Facts, forks: Candidate[]): Candidate[] {
  const accepted: Candidate[] = []
  const waiting: Array<{ candidate: Candidate, error: MissingParentError }> = []
  const todo = [...merging.candidates].reverse()
  for (let candidate = todo.pop(); candidate !== undefined; candidate = todo.pop()) {
    const { action, hash, position } = candidate
    if (log.index.rows.find(hash) >= 0) {
      // A held copy of it came free first.
      settle(merging, position, { ok: true, cid: merging.cids[position] ?? cidOfHash(hash), kind: 'known', forked: false })
      continue
    }
    const verdict = checkAction(log.index, action, factsOf(candidate))
    if (verdict.kind === 'wait') {
      log.held.add(action.bytes.subarray(verdict.parentAt, verdict.parentAt + 32), candidate)
      waiting.push({ candidate, error: verdict.error })
    } else if (verdict.kind === 'refuse') {
      settle(merging, position, { ok: false, cid: merging.cids[position] ?? cidOfHash(hash), error: verdict.error, held: false })
    } else {
      const forked = accept(log, candidate, verdict.placed)
      if (forked) forks.push(candidate)
      accepted.push(candidate)
      settle(merging, position, { ok: true, cid: merging.cids[position] ?? cidOfHash(hash), kind: 'stored', forked })
      todo.push(...log.held.take(hash))
    }
  }
  log.held.trim()
  log.held.settle()
  for (const { candidate: { hash, position }, error } of waiting) {
    if (position >= 0 && merging.outcomes[position] === undefined) merging.outcomes[position] = { ok: false, cid: merging.cids[position] ?? cidOfHash(hash), error, held: log.held.has(hash) }
  }
  return accepted
}

function accept (log: OpenLog, { action, hash }: Candidate, placed: Placed): boolean {
  log.time.hear(action.time)
  return log.index.add(action, hash, placed).forked
}

function settle (merging: Merging, position: number, outcome: BlockOutcome): void {
  if (position >= 0) merging.outcomes[position] = outcome
  else if (!outcome.ok) merging.late.push(outcome)
}

function summarise ({ outcomes, copies }: Merging, stored: StoredAction[]): MergeOutcome {
  for (const { position, of } of copies) outcomes[position] = outcomes[of]
  const settled = outcomes.filter(outcome => outcome !== undefined)
  return { outcomes: settled, stored, refused: settled.filter(outcome => !outcome.ok && !outcome.held).length }
}

function isSame (a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
