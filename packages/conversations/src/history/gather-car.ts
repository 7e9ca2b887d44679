import { decode } from '@ipld/dag-cbor'
import { CID, DAG_CBOR, type AbortOptions } from '@parley/core'
import { decodeContactCard, decodeDeviceList, mergeDeviceLists, type DeviceList, type Did } from '@parley/identity'
import { equals } from 'uint8arrays'
import { looksLikeBasics } from '../format/basics.ts'
import { keyName } from '../format/key-name.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { isIntact } from './check-block.ts'
import { NoConversationInCarError } from './errors.ts'
import { faultOf, tryParse } from './finding.ts'
import type { CarEntry, OpenCar } from './open-car.ts'
import type { FindList, HistoryFinding, HistoryProgress } from './types.ts'

/** The blocks of a CAR by what they are. */
export interface SortedCar {
  conversation: CID
  /** Signed actions, also of other conversations. */
  actions: CarEntry[]
  /** Blocks of actions of this conversation that no decoder accepts. */
  malformed: CarEntry[]
  /** Device lists that verify, each the union of what the CAR has of a person. */
  lists: Map<Did, DeviceList>
  /** Whatever else is whole: attachments, and what belongs to nothing. */
  others: Map<string, CarEntry>
  /** Blocks whose bytes are not those of their CIDs. */
  altered: HistoryFinding[]
  alteredNames: Set<string>
}

const LIST_OF_TWO = 0x82
const MAP_OF_THREE = 0xa3
const PROGRESS_EVERY = 64

/**
 * Reads every block of a CAR once, checks it against its CID, and tells what it is.
 *
 * @throws {NoConversationInCarError}
 */
export async function sortCar (car: OpenCar, { conversation, signal, onProgress }: AbortOptions & { conversation?: CID | undefined, onProgress?: ((progress: HistoryProgress) => void) | undefined }): Promise<SortedCar> {
  const sorted: Omit<SortedCar, 'conversation' | 'malformed'> = { actions: [], lists: new Map(), others: new Map(), altered: [], alteredNames: new Set() }
  const unformed: Array<{ entry: CarEntry, of: CID }> = []
  const found = new Map<string, CID>()
  let done = 0
  for (const entry of car.entries) {
    signal?.throwIfAborted()
    const bytes = await car.read(entry)
    const { cid } = entry
    const action = cid.code === DAG_CBOR && bytes[0] === LIST_OF_TWO ? tryParse(bytes) : undefined
    if (!isIntact(cid, bytes)) {
      sorted.altered.push(faultOf('altered-block', cid, 'This block’s bytes are not those that its CID names', action))
      sorted.alteredNames.add(keyName(cid.multihash.digest))
    } else if (action !== undefined) {
      sorted.actions.push(entry)
      const of = cidOfHash(bytes.slice(action.conversationAt, action.conversationAt + 32))
      found.set(of.toString(), of)
    } else await sortOther(sorted, unformed, entry, bytes)
    if (++done % PROGRESS_EVERY === 0 || done === car.entries.length) onProgress?.({ step: 'reading', done, total: car.entries.length })
  }
  const id = conversation ?? await conversationOf(car, found)
  const malformed = unformed.filter(({ of }) => of.equals(id)).map(({ entry }) => entry)
  for (const { entry, of } of unformed) if (!of.equals(id)) sorted.others.set(keyName(entry.cid.multihash.digest), entry)
  return { ...sorted, conversation: id, malformed }
}

async function sortOther (sorted: Pick<SortedCar, 'lists' | 'others'>, unformed: Array<{ entry: CarEntry, of: CID }>, entry: CarEntry, bytes: Uint8Array): Promise<void> {
  const { cid } = entry
  const list = await listIn(cid, bytes)
  if (list !== undefined) {
    const known = sorted.lists.get(list.person)
    sorted.lists.set(list.person, known === undefined ? list : mergeDeviceLists(known, list))
    return
  }
  const of = cid.code === DAG_CBOR && bytes[0] === LIST_OF_TWO ? conversationNamedBy(bytes) : undefined
  if (of !== undefined) unformed.push({ entry, of })
  else sorted.others.set(keyName(cid.multihash.digest), entry)
}

/** Returns the device list that a block is, or that of the contact card that it is. */
async function listIn (cid: CID, bytes: Uint8Array): Promise<DeviceList | undefined> {
  if (cid.code !== DAG_CBOR || (bytes[0] !== MAP_OF_THREE && bytes[0] !== LIST_OF_TWO)) return undefined
  try {
    return bytes[0] === MAP_OF_THREE ? await decodeDeviceList(bytes) : (await decodeContactCard(bytes)).list
  } catch {
    // Whoever needs it is told that it is not here.
    return undefined
  }
}

/** Returns the conversation that a signed block names, though it is no action that a decoder accepts. */
function conversationNamedBy (bytes: Uint8Array): CID | undefined {
  try {
    const [body] = decode<[{ conversation?: unknown }]>(bytes)
    return CID.asCID(body.conversation) ?? undefined
  } catch {
    return undefined
  }
}

/** Finds which conversation is meant: the one that the roots are of, or the only one there is. */
async function conversationOf (car: OpenCar, found: Map<string, CID>): Promise<CID> {
  const rooted = new Map<string, CID>()
  for (const root of car.roots) {
    const bytes = await car.get(root)
    if (bytes === undefined || !isIntact(root, bytes)) continue
    if (looksLikeBasics(bytes)) rooted.set(root.toString(), root)
    const action = tryParse(bytes)
    if (action === undefined) continue
    const of = cidOfHash(bytes.slice(action.conversationAt, action.conversationAt + 32))
    rooted.set(of.toString(), of)
  }
  const meant = rooted.size > 0 ? rooted : found
  const [only, another] = meant.values()
  if (only === undefined || another !== undefined) throw new NoConversationInCarError([...meant.values()])
  return only
}

/** Returns all that the CAR and `known` say of a person's devices. */
export function listsOf (lists: ReadonlyMap<Did, DeviceList>, known: FindList | undefined): FindList {
  return async person => {
    const [here, there] = [lists.get(person), await known?.(person)]
    if (here === undefined || there === undefined) return here ?? there
    // Where the two were begun apart, what is known here counts: merging would refuse the other.
    return equals(here.bytes, there.bytes) ? there : mergeOrKeep(there, here)
  }
}

function mergeOrKeep (known: DeviceList, other: DeviceList): DeviceList {
  try {
    return mergeDeviceLists(known, other)
  } catch {
    return known
  }
}
