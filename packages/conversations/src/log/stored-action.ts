import { CID, DAG_CBOR, type HybridTime } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import type { ParsedAction } from '../format/parse-action.ts'
import type { StoredAction } from '../types.ts'

const SHA2_256 = 0x12
const CID_BYTES = 36
/** CIDs that share one buffer. */
const POOLED = 32
let pool = new ArrayBuffer(0)
let pooledBytes = 0

/**
 * Returns the CID of a block of DAG-CBOR by its SHA-256, which it keeps.
 *
 * Every action needs one to be stored. A CID looks at its bytes' `buffer`, which
 * the engine makes at that moment for each small array that has one of its own:
 * most of what a CID costs. A view of a buffer that is there already has it.
 */
export function cidOfHash (hash: Uint8Array): CID {
  if (pooledBytes === pool.byteLength) {
    pool = new ArrayBuffer(POOLED * CID_BYTES)
    pooledBytes = 0
  }
  // By itself, since stores keep it, and some would keep a whole buffer for a view.
  const multihash = new Uint8Array(34)
  multihash[0] = SHA2_256
  multihash[1] = 32
  multihash.set(hash, 2)
  const bytes = new Uint8Array(pool, pooledBytes, CID_BYTES)
  pooledBytes += CID_BYTES
  bytes[0] = 1
  bytes[1] = DAG_CBOR
  bytes.set(multihash, 2)
  return new CID(1, DAG_CBOR, { code: SHA2_256, size: 32, digest: hash as Uint8Array<ArrayBuffer>, bytes: multihash }, bytes)
}

/** Offers a parsed action by its public names; texts are made when asked for, since most never are. */
export function toStoredAction (conversation: CID, cid: CID, action: ParsedAction): StoredAction {
  return new LazyAction(conversation, cid, action)
}

class LazyAction implements StoredAction {
  readonly conversation: CID
  readonly cid: CID
  readonly #action: ParsedAction

  constructor (conversation: CID, cid: CID, action: ParsedAction) {
    this.conversation = conversation
    this.cid = cid
    this.#action = action
  }

  get bytes (): Uint8Array { return this.#action.bytes }
  get seq (): number { return this.#action.seq }
  get time (): HybridTime { return this.#action.time }
  get epoch (): number { return this.#action.epoch }
  get changesAccess (): boolean { return this.#action.access !== undefined }
  get author (): string { return this.#did(this.#action.authorAt) }
  get person (): string { return this.#did(this.#action.personAt) }

  #did (at: number): string {
    return didFromPublicKey(this.#action.bytes.subarray(at, at + 32))
  }
}
