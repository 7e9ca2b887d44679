import type { CID, Store } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { compare } from 'uint8arrays'
import { keyName } from '../format/key-name.ts'
import { parseAction } from '../format/parse-action.ts'
import { comparePoints, pointOf } from '../private/log-point.ts'
import type { ConversationState } from '../types.ts'
import type { Position } from './frontiers.ts'

/** What everybody may read of an action. */
export interface ActionFacts {
  cid: CID
  author: Uint8Array
  person: Uint8Array
  seq: number
  time: { wallMs: number, counter: number }
}

/** Reads an action; undefined where it is none of this conversation, or not here. */
export async function readAction (store: Store, conversation: CID, cid: CID): Promise<ActionFacts | undefined> {
  const bytes = await store.getBlock(cid)
  if (bytes === undefined) return undefined
  try {
    const { authorAt, personAt, conversationAt, seq, time } = parseAction(bytes)
    if (compare(bytes.subarray(conversationAt, conversationAt + 32), conversation.multihash.digest) !== 0) return undefined
    return { cid, author: bytes.slice(authorAt, authorAt + 32), person: bytes.slice(personAt, personAt + 32), seq, time }
  } catch {
    // Some other block that is kept here.
    return undefined
  }
}

/** Tells whether whoever is at `position` has an action: they have it, or a later one of the same author for the same person. */
export async function hasAction (store: Store, conversation: CID, position: Position, action: ActionFacts): Promise<boolean> {
  for (const { seq, cid } of position.get(keyName(action.author)) ?? []) {
    if (cid.equals(action.cid)) return true
    if (seq < action.seq) continue
    const newest = await readAction(store, conversation, cid)
    // One that we lack is later than what we have.
    if (newest === undefined || compare(newest.person, action.person) === 0) return true
  }
  return false
}

/** Returns when each person said that they had read up to an action or further, in wall milliseconds; its author has. */
export async function readersOf (store: Store, { id, seen }: Pick<ConversationState, 'id' | 'seen'>, action: ActionFacts): Promise<Map<Did, number>> {
  const readers = new Map<Did, number>([[didFromPublicKey(action.person), action.time.wallMs]])
  for (const [person, notice] of Object.entries(seen)) {
    if (notice === null || readers.has(person)) continue
    const upTo = await readAction(store, id, notice.action)
    if (upTo !== undefined && comparePoints(pointOf(action), pointOf(upTo)) <= 0) readers.set(person, notice.at)
  }
  return readers
}
