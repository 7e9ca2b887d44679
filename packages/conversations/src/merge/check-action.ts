import { MAX_AHEAD_MS } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import { ForgedActionError, FutureTimeError, MissingParentError, OutOfSequenceError } from '../errors.ts'
import { LINK_BYTES, compareAt } from '../format/cbor-reader.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { keyName } from '../format/key-name.ts'
import { checkAccess } from './check-access.ts'

/** Where an accepted action stands. */
export interface Placed {
  /** The access version it was judged by. */
  access: number
  prev: number
  /** The author's number, or -1 when it is their first action. */
  author: number
  parents: number[]
}

export type Verdict =
  | { kind: 'accept', placed: Placed }
  | { kind: 'wait', parentAt: number, error: MissingParentError }
  | { kind: 'refuse', error: Error }

/** What is known of an action from outside of the log. */
export interface Facts {
  /** The hash of the conversation's CID. */
  conversation: Uint8Array
  now: number
  /** Whether its own or a later signature vouches for it. */
  isGenuine: boolean
  /** Why its device may not write for its person, if so. */
  deviceError: Error | undefined
}

/**
 * Decides about one action by what the log holds, without changing it. The
 * same action gets the same answer at every replica that holds its parents and
 * knows its author's devices, whatever else arrived there and when.
 */
export function checkAction (index: LogIndex, action: ParsedAction, facts: Facts): Verdict {
  const { bytes } = action
  if (compareAt(bytes, action.conversationAt, facts.conversation, 0, 32) !== 0) return refused(new OutOfSequenceError('it belongs to another conversation'))
  if (facts.deviceError !== undefined) return refused(facts.deviceError)
  if (!facts.isGenuine) return refused(new ForgedActionError(didAt(bytes, action.authorAt)))
  const aheadMs = action.time.wallMs - facts.now
  if (aheadMs > MAX_AHEAD_MS) return refused(new FutureTimeError(aheadMs))
  const parents = findParents(index, action)
  if (typeof parents === 'number') return { kind: 'wait', parentAt: parents, error: new MissingParentError(cidOfHash(bytes.slice(parents, parents + 32))) }
  const disorder = checkOrder(index, action, parents)
  if (disorder !== undefined) return refused(disorder)
  const access = versionOf(index, parents)
  const prev = action.prevAt < 0 ? -1 : parents[0] ?? -1
  const author = prev < 0 ? -1 : index.rows.author(prev)
  const person = index.authors[author]?.personName ?? keyName(bytes, action.personAt)
  const error = checkAccess(index, { person, change: action.access, version: access, isFirst: parents.length === 0 }) ?? checkEpoch(index, action, parents)
  if (error !== undefined) return refused(error)
  return { kind: 'accept', placed: { access, prev, author, parents } }
}

const refused = (error: Error): Verdict => ({ kind: 'refuse', error })

/** Returns the rows of the parents, the author's previous action first, or the place of the first hash that is missing. */
function findParents ({ rows }: LogIndex, { bytes, prevAt, headsAt, headCount }: ParsedAction): number[] | number {
  const parents: number[] = []
  if (prevAt >= 0) {
    const row = rows.find(bytes, prevAt)
    if (row < 0) return prevAt
    parents.push(row)
  }
  for (let count = 0, at = headsAt; count < headCount; count++, at += LINK_BYTES) {
    const row = rows.find(bytes, at)
    if (row < 0) return at
    parents.push(row)
  }
  return parents
}

function checkOrder ({ rows, authors }: LogIndex, action: ParsedAction, parents: number[]): Error | undefined {
  const { bytes, time } = action
  if (action.prevAt >= 0) {
    const [prev = -1] = parents
    const author = authors[rows.author(prev)]
    if (author === undefined || compareAt(bytes, action.authorAt, author.key, 0, 32) !== 0) return new OutOfSequenceError('its previous action is another author’s')
    if (compareAt(bytes, action.personAt, author.person, 0, 32) !== 0) return new OutOfSequenceError('its previous action is another person’s')
    if (rows.seq(prev) + 1 !== action.seq) return new OutOfSequenceError(`its sequence number is ${action.seq}, its previous action’s ${rows.seq(prev)}`)
  }
  for (const parent of parents) {
    const ahead = time.wallMs - rows.wallMs(parent) || time.counter - rows.counter(parent)
    // Time that grows along every link makes the order by time a causal order.
    if (ahead <= 0) return new OutOfSequenceError('its time is not after that of what it follows')
  }
  return undefined
}

function checkEpoch ({ rows }: LogIndex, { epoch, keys, access }: ParsedAction, parents: number[]): Error | undefined {
  let seen = parents.length === 0 ? -1 : 0
  for (const parent of parents) seen = Math.max(seen, rows.epoch(parent))
  // Who is to read from now on alone can be kept from what was before by another key alone.
  const mayContinue = access?.add.every(({ history }) => history === 'all') ?? true
  if ((epoch === seen && mayContinue) || (epoch === seen + 1 && keys !== undefined)) return undefined
  return new OutOfSequenceError(`its key epoch is ${epoch}, that of what it follows ${seen}`)
}

/** Returns the access version of somebody who saw these parents. */
function versionOf ({ rows, access }: LogIndex, parents: number[]): number {
  const [first = -1, ...others] = parents
  if (first < 0) return 0
  const version = rows.access(first)
  return others.every(parent => rows.access(parent) === version) ? version : access.join(parents.map(rows.access))
}

export function didAt (bytes: Uint8Array, at: number): string {
  return didFromPublicKey(bytes.subarray(at, at + 32))
}
