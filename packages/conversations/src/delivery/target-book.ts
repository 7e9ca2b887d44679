import { bytesSchema, cidSchema, countSchema, createCodec, type CID, type Store } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import * as z from 'zod/mini'
import { keyName } from '../format/key-name.ts'
import type { FrontierEntry } from '../types.ts'
import { entriesOf, positionOf, type Position } from './frontiers.ts'
import { MAX_DETAIL_CHARS, MAX_ERRORS, MAX_TARGETS } from './limits.ts'
import type { TargetState } from './target-machine.ts'

/** What is kept of a device or proxy: how far it is in a conversation, and its attempts. */
export interface KeptTarget {
  position: Position
  state: TargetState
}

/** The targets of a conversation, by their keys. */
export type TargetBook = Map<Did, KeptTarget>

const PREFIX = '/delivery/targets/'
// Our own disk, not the wire.
const MAX_BYTES = 64 * 1024 * 1024
const key32 = bytesSchema({ exactBytes: 32 })
const frontierSchema = z.array(z.tuple([key32, countSchema(), cidSchema]))
const errorSchema = z.strictObject({ at: countSchema(), code: z.string(), detail: z.string().check(z.maxLength(MAX_DETAIL_CHARS)), retryable: z.boolean() })
const targetSchema = z.strictObject({
  device: key32,
  /** Which of `frontiers` it is at: most are at one of a few. */
  at: countSchema(),
  phase: z.enum(['quiet', 'away', 'waiting', 'failed']),
  attempts: countSchema(),
  failingSince: z.nullable(countSchema()),
  lastAt: z.nullable(countSchema()),
  nextAt: z.nullable(countSchema()),
  errors: z.array(errorSchema).check(z.maxLength(MAX_ERRORS))
})
const codec = createCodec('targets of a conversation', z.strictObject({
  v: z.literal(1),
  frontiers: z.array(frontierSchema),
  targets: z.array(targetSchema).check(z.maxLength(MAX_TARGETS))
}), { maxBytes: MAX_BYTES })

const keyOf = (conversation: CID): string => PREFIX + conversation.toString()

/** Reads the targets of a conversation; none where nothing is kept. */
export async function loadBook (store: Store, conversation: CID): Promise<TargetBook> {
  const bytes = await store.get(keyOf(conversation))
  if (bytes === undefined) return new Map()
  const { frontiers, targets } = codec.decode(bytes)
  const positions = frontiers.map(frontier => positionOf(frontier.map(([author, seq, cid]): FrontierEntry => ({ author, seq, cid }))))
  return new Map(targets.map(({ device, at, phase, attempts, failingSince, lastAt, nextAt, errors }) => {
    const past = { attempts, failingSince: failingSince ?? undefined, lastAt: lastAt ?? undefined, errors }
    const state: TargetState = phase === 'waiting' ? { ...past, phase, nextAt: nextAt ?? 0 } : { ...past, phase }
    return [didFromPublicKey(device), { position: positions[at] ?? new Map(), state }]
  }))
}

/** Writes the targets of a conversation. What an attempt under way would have brought is owed at once when this is read again. */
export async function saveBook (store: Store, conversation: CID, book: TargetBook): Promise<void> {
  const frontiers: Array<Array<[Uint8Array<ArrayBuffer>, number, CID]>> = []
  const numbers = new Map<Position, number>()
  const byName = new Map<string, number>()
  const numberOf = (position: Position): number => {
    const known = numbers.get(position)
    if (known !== undefined) return known
    const entries = entriesOf(position)
    const name = entries.map(({ cid }) => keyName(cid.multihash.digest)).sort().join('')
    const number = byName.get(name) ?? frontiers.push(entries.map(({ author, seq, cid }) => [new Uint8Array(author), seq, cid])) - 1
    byName.set(name, number)
    numbers.set(position, number)
    return number
  }
  const targets = [...book].slice(0, MAX_TARGETS).map(([device, { position, state }]) => ({
    device: new Uint8Array(publicKeyFromDid(device)),
    at: numberOf(position),
    phase: state.phase === 'sending' ? 'waiting' as const : state.phase,
    attempts: state.attempts,
    failingSince: whole(state.failingSince),
    lastAt: whole(state.lastAt),
    nextAt: whole(state.phase === 'waiting' ? state.nextAt : state.phase === 'sending' ? state.lastAt : undefined),
    errors: state.errors.map(error => ({ ...error, at: Math.floor(error.at) }))
  }))
  await store.commit([{ type: 'put', key: keyOf(conversation), value: codec.encode({ v: 1, frontiers, targets }) }])
}

function whole (at: number | undefined): number | null {
  return at === undefined ? null : Math.max(0, Math.floor(at))
}
