import { encodeCanonical } from '@parley/core'
import { InvalidSignatureError } from '../errors.ts'
import { createLru } from '../lru.ts'
import { verifySignature } from '../signature.ts'
import { splitSigned } from '../signed-block.ts'
import { CHANGE_CONTEXT } from './change.ts'
import type { ChangeSet, PlacedChange } from './change-set.ts'

const WHAT = 'device list'
/** Signatures verified at once: enough to keep WebCrypto busy, few enough that a forged list is given up soon. */
const AT_ONCE = 8

// Lists and cards come again and again with the changes of before. A pure
// cache: a change names all that it builds on, hence the person, so its CID
// says whose signature it has to carry.
const verified = createLru<string, true>(8192)

/**
 * Verifies the signatures of changes whose form is checked.
 *
 * @throws {InvalidSignatureError}
 */
export async function verifyChanges ({ changes, person }: Pick<ChangeSet, 'changes' | 'person'>): Promise<void> {
  const unknown = changes.filter(({ key }) => verified.get(key) === undefined)
  for (let from = 0; from < unknown.length; from += AT_ONCE) {
    const batch = unknown.slice(from, from + AT_ONCE)
    const verdicts = await Promise.all(batch.map(async change => await isGenuine(change, person)))
    if (verdicts.includes(false)) throw new InvalidSignatureError(WHAT)
    for (const { key } of batch) verified.set(key, true)
  }
}

/** Returns what the next key of a person signs, context `succession`. */
export function successionBody ({ from, to, at }: { from: Uint8Array, to: Uint8Array, at: number }): Uint8Array<ArrayBuffer> {
  return encodeCanonical({ v: 1, from, to, at })
}

async function isGenuine ({ bytes, body: { author, successor, at } }: PlacedChange, person: Uint8Array): Promise<boolean> {
  const { body, signature } = splitSigned(WHAT, bytes)
  if (!await verifySignature(author ?? person, CHANGE_CONTEXT, body, signature)) return false
  return successor === undefined || await verifySignature(successor.person, 'succession', successionBody({ from: person, to: successor.person, at }), successor.proof)
}
