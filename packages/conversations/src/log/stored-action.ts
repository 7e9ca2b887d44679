import { CID, DAG_CBOR, type HybridTime } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import { create } from 'multiformats/hashes/digest'
import type { ParsedAction } from '../format/parse-action.ts'
import type { StoredAction } from '../types.ts'

/** Returns the CID of a block of DAG-CBOR by its SHA-256. */
export function cidOfHash (hash: Uint8Array): CID {
  return CID.createV1(DAG_CBOR, create(0x12, hash))
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
  get author (): string { return this.#did(this.#action.authorAt) }
  get person (): string { return this.#did(this.#action.personAt) }

  #did (at: number): string {
    return didFromPublicKey(this.#action.bytes.subarray(at, at + 32))
  }
}
