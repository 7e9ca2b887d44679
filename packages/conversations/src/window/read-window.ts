import { MAX_AHEAD_MS, sha256, type CID, type Clock, type HybridTime, type Logger } from '@parley/core'
import { didFromPublicKey, type Did, type People } from '@parley/identity'
import { compare as compareBytes, equals } from 'uint8arrays'
import { decodeContent } from '../actions/registry.ts'
import { decodeBasics } from '../format/basics.ts'
import { parseAction, type ParsedAction } from '../format/parse-action.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { Candidate } from '../merge/candidate.ts'
import { findDeviceErrors } from '../merge/device-facts.ts'
import { findGenuine } from '../merge/signatures.ts'
import { createKeyring, type EpochKey, type Keyring } from '../read/keyring.ts'
import { LogEntry } from '../read/log-entry.ts'
import { openKeys, type Opener } from '../read/sealed-keys.ts'
import { unseal } from '../read/unseal.ts'
import type { DecodedAction } from '../types.ts'
import { InvalidWindowError } from './errors.ts'

/** What a peer gave: blocks as they came, the newest first. */
export interface WindowAnswer {
  basics: Uint8Array
  /** Actions that carry the keys of the window's epochs. */
  keys: Uint8Array[]
  blocks: Uint8Array[]
}

export interface WindowReaderComponents {
  people: People
  clock: Clock
  logger: Logger
  /** What opens sealed keys. */
  openers: readonly Opener[]
  /** Returns keys of the conversation that are kept here already. */
  keysOf(conversation: CID): Promise<EpochKey[]>
}

/** Where the window has to end, and how much was asked for. */
export interface WindowBounds {
  /** The oldest action of the window before this one. */
  before?: DecodedAction | undefined
  count: number
}

/**
 * Reads actions that are not part of the log here: each is checked by its own
 * signature, its device and its time, and opened with the keys at hand. What
 * only their parents could tell, above all whether their author was in the
 * conversation, stays open: they are provisional until the log has them.
 *
 * @throws {InvalidWindowError} for what no honest peer gives; nothing is returned then
 */
export async function readWindow (components: WindowReaderComponents, conversation: CID, answer: WindowAnswer, bounds: WindowBounds): Promise<DecodedAction[]> {
  checkBasics(conversation, answer.basics)
  if (answer.blocks.length > bounds.count) throw new InvalidWindowError(`it has ${answer.blocks.length} actions, and ${bounds.count} were asked for`)
  const shown = answer.blocks.map((bytes, position) => candidateOf(conversation, bytes, position))
  checkOrder(shown, bounds.before)
  const carriers = answer.keys.map((bytes, position) => candidateOf(conversation, bytes, shown.length + position))
  const genuine = await findGood(components, [...shown, ...carriers])
  const keyring = await keysFor(components, conversation, [...shown, ...carriers].filter(candidate => genuine.has(candidate)))
  return shown.filter(candidate => genuine.has(candidate)).map(candidate => entryOf(conversation, candidate, keyring))
}

/** Returns the persons whose words are in an answer. @throws {InvalidWindowError} */
export function signersOf ({ keys, blocks }: WindowAnswer): Set<Did> {
  return new Set([...keys, ...blocks].map(bytes => {
    const { personAt } = actionOf(bytes)
    return didFromPublicKey(bytes.subarray(personAt, personAt + 32))
  }))
}

function checkBasics (conversation: CID, bytes: Uint8Array): void {
  if (!equals(sha256(bytes), conversation.multihash.digest)) throw new InvalidWindowError('its basics are another conversation’s')
  decodeBasics(bytes)
}

function candidateOf (conversation: CID, bytes: Uint8Array, position: number): Candidate {
  const action = actionOf(bytes)
  const { conversationAt } = action
  if (!equals(bytes.subarray(conversationAt, conversationAt + 32), conversation.multihash.digest)) throw new InvalidWindowError('an action belongs to another conversation')
  return { action, hash: sha256(bytes), position }
}

function actionOf (bytes: Uint8Array): ParsedAction {
  try {
    return parseAction(bytes)
  } catch (cause) {
    throw new InvalidWindowError('a block is no action', { cause })
  }
}

/** The newest first, without gaps that could be seen, nothing twice, all before what is shown already. */
function checkOrder (shown: Candidate[], before: DecodedAction | undefined): void {
  let last: { time: HybridTime, hash: Uint8Array } | undefined = before === undefined ? undefined : { time: before.time, hash: before.cid.multihash.digest }
  for (const { action: { time }, hash } of shown) {
    const later = last === undefined ? 1 : last.time.wallMs - time.wallMs || last.time.counter - time.counter || compareBytes(last.hash, hash)
    if (later <= 0) throw new InvalidWindowError('its actions are not in their order')
    last = { time, hash }
  }
}

/** Leaves out, and logs, what a device may not have signed: an honest peer may know of a device that we do not. */
async function findGood ({ people, clock, logger }: WindowReaderComponents, candidates: Candidate[]): Promise<Set<Candidate>> {
  const latest = clock.now() + MAX_AHEAD_MS
  const deviceErrors = await findDeviceErrors(people, candidates)
  // Each by its own signature: what vouches for it in the log is not here.
  const flags = await findGenuine(candidates, () => -1)
  const good = new Set<Candidate>()
  for (const [number, candidate] of candidates.entries()) {
    const { action: { time, bytes, authorAt } } = candidate
    if (flags[number] !== 1) throw new InvalidWindowError('an action is not signed by its author')
    if (time.wallMs > latest) throw new InvalidWindowError('an action is of the future')
    const error = deviceErrors.get(candidate)
    if (error === undefined) good.add(candidate)
    else logger.info('an action of a window is left out', { author: didFromPublicKey(bytes.subarray(authorAt, authorAt + 32)), reason: error.message })
  }
  return good
}

async function keysFor ({ openers, keysOf, logger }: WindowReaderComponents, conversation: CID, candidates: Candidate[]): Promise<Keyring> {
  const keyring = createKeyring()
  for (const { epoch, key } of await keysOf(conversation)) keyring.add(epoch, key)
  for (const { action } of candidates) {
    if (action.keys === undefined) continue
    for (const { epoch, key } of await openKeys({ openers, logger }, action)) keyring.add(epoch, key)
  }
  return keyring
}

function entryOf (conversation: CID, { action, hash }: Candidate, keyring: Keyring): DecodedAction {
  const { bytes, authorAt, personAt } = action
  const entry = new LogEntry({
    conversation,
    cid: cidOfHash(hash),
    author: didFromPublicKey(bytes.subarray(authorAt, authorAt + 32)),
    person: didFromPublicKey(bytes.subarray(personAt, personAt + 32)),
    row: -1,
    action
  })
  const sealed = unseal(keyring.keys(action.epoch), action)
  if (sealed === undefined) entry.unreadable = 'no-key'
  else {
    try {
      entry.content = decodeContent(sealed)
    } catch {
      entry.unreadable = 'malformed'
    }
  }
  return entry
}
