import type { AbortOptions, CID, Store } from '@parley/core'
import { decodeBasics } from '../format/basics.ts'
import { keyName } from '../format/key-name.ts'
import type { LogIndex } from '../log/log-index.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { isIntact } from './check-block.ts'
import { createExaminer } from './examine.ts'
import { faultOf, tryParse } from './finding.ts'
import type { Gathered } from './judge.ts'
import type { FindList, HistoryProgress } from './types.ts'

export interface GatherOptions extends AbortOptions {
  now: number
  lists: FindList
  onProgress?: ((progress: HistoryProgress) => void) | undefined
}

const PROGRESS_EVERY = 64

/** Reads every block that a store's index of a log names, and checks each by itself. */
export async function gatherLog (store: Store, conversation: CID, index: LogIndex, { now, lists, signal, onProgress }: GatherOptions): Promise<Gathered> {
  const gathered = await beginGathering(conversation, await store.getBlock(conversation), async cid => await store.getBlock(cid))
  const examine = createExaminer({ conversation, lists, now })
  const total = index.rows.size
  for (let row = 0; row < total; row++) {
    signal?.throwIfAborted()
    const cid = cidOfHash(index.rows.hash(row))
    const bytes = await store.getBlock(cid)
    if (bytes === undefined) gathered.missing.add(keyName(cid.multihash.digest))
    else await take(gathered, examine, cid, bytes)
    if ((row + 1) % PROGRESS_EVERY === 0 || row + 1 === total) onProgress?.({ step: 'reading', done: row + 1, total })
  }
  return gathered
}

/** Begins with the basics, which may be missing or altered. */
export async function beginGathering (conversation: CID, bytes: Uint8Array | undefined, get: (cid: CID) => Promise<Uint8Array | undefined>): Promise<Gathered> {
  const gathered: Gathered = {
    conversation,
    basics: undefined,
    lineage: new Map(),
    deviceErrors: new Map(),
    broken: new Set(),
    missing: new Set(),
    faults: [],
    signatures: 0,
    get: async cid => await get(cid) ?? new Uint8Array()
  }
  if (bytes === undefined) gathered.faults.push(faultOf('missing-block', conversation, 'The conversation’s basics are missing, by which its creator is known'))
  else if (!isIntact(conversation, bytes)) gathered.faults.push(faultOf('altered-block', conversation, 'The conversation’s basics are not what its id names'))
  else gathered.basics = decodeBasics(bytes)
  return gathered
}

/** Takes in a block that is said to be an action of the log. */
export async function take (gathered: Gathered, examine: ReturnType<typeof createExaminer>, cid: CID, bytes: Uint8Array): Promise<void> {
  const name = keyName(cid.multihash.digest)
  const action = tryParse(bytes)
  if (!isIntact(cid, bytes)) {
    gathered.broken.add(name)
    gathered.faults.push(faultOf('altered-block', cid, 'This block’s bytes are not those that its CID names', action))
    return
  }
  if (action === undefined) {
    gathered.broken.add(name)
    gathered.faults.push(faultOf('malformed-action', cid, 'This block has not the form of an action'))
    return
  }
  const { node, deviceError, faults } = await examine(cid, action)
  gathered.faults.push(...faults)
  if (node === undefined) {
    gathered.broken.add(name)
    return
  }
  gathered.signatures++
  gathered.lineage.set(name, node)
  if (deviceError !== undefined) gathered.deviceErrors.set(name, deviceError)
}
