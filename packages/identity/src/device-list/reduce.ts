import { byteKey } from '../byte-key.ts'
import type { DeviceRecord } from '../device-record.ts'
import { didFromPublicKey, type Did } from '../did.ts'
import { isIn } from './causal-past.ts'
import type { ChangeKind, ChangeRecord } from './change.ts'
import { placesBy, type ChangeSet, type PlacedChange } from './change-set.ts'
import { decodeDetails, type DeviceDetails } from './details.ts'
import { judgeChanges } from './revocations.ts'
import { lastWord, latestRecord, type Standing } from './standing.ts'

/** What a set of changes comes to. */
export interface Reduced {
  standing: Standing
  devices: DeviceRecord[]
  name: string
  recovery: Uint8Array | undefined
  successor: Did | undefined
  issued: number
}

/** How a device reads whose details were erased, or that nobody has brought yet. */
const FORGOTTEN: DeviceDetails = { name: '', platform: '', capabilities: [] }

/** Reduces a set of changes to what it says. A function of the set alone, but for the details, which are a set of their own. */
export function reduceChanges (set: ChangeSet): Reduced {
  const { changes, pasts, begin } = set
  const standing = judgeChanges(set)
  const counting = changes.map((change, place) => standing[place] === undefined ? change : undefined)
  const of = (kind: ChangeKind): PlacedChange[] => counting.flatMap(change => change?.kind === kind ? [change] : [])
  const word = (kind: 'name' | 'recovery'): PlacedChange | undefined => lastWord(set, counting.flatMap((change, place) => change?.kind === kind ? [place] : []))
  const revoked = new Map<string, number>()
  for (const { device = '', body: { at } } of of('revoke')) revoked.set(device, Math.min(at, revoked.get(device) ?? at))
  const puts = placesBy(changes, ({ records }) => records.map(({ device }) => device))
  const devices = [...puts].flatMap(([device, all]) => {
    const places = all.filter(place => standing[place] === undefined)
    const record = latestRecord(set, places, device)
    return record === undefined ? [] : [{ device, record, added: addedOf({ changes, pasts }, places, device) }]
  })
  return {
    standing,
    devices: devices.sort((a, b) => a.device < b.device ? -1 : 1).map(({ device, record, added }) => recordOf(record, {
      added,
      revoked: revoked.get(device),
      details: set.details.get(byteKey(record.details))
    })),
    name: word('name')?.body.name ?? begin.body.begin?.name ?? '',
    recovery: word('recovery')?.body.recovery ?? begin.body.begin?.recovery,
    successor: successorOf(of('successor')),
    issued: Math.max(...counting.map(change => change?.body.at ?? 0))
  }
}

function recordOf ({ device, sealing, roles, expires }: ChangeRecord, { added, revoked, details }: { added: number, revoked: number | undefined, details: Uint8Array | undefined }): DeviceRecord {
  return {
    device: didFromPublicKey(device),
    sealing,
    roles,
    ...(details === undefined ? FORGOTTEN : decodeDetails(details)),
    added,
    ...(expires === undefined ? {} : { expires }),
    ...(revoked === undefined ? {} : { revoked })
  }
}

/** When a device was first added: of changes that did not know of one another, the earliest. */
function addedOf ({ changes, pasts }: Pick<ChangeSet, 'changes' | 'pasts'>, places: number[], device: string): number {
  const first = places.filter(place => !places.some(other => isIn(pasts[place], other)))
  return Math.min(...first.flatMap(place => {
    const { records, body } = changes[place] ?? {}
    const record = records?.find(record => record.device === device)?.record
    return record?.added ?? body?.at ?? []
  }))
}

/** There is one at most: the others are void. */
function successorOf ([only]: PlacedChange[]): Did | undefined {
  return only?.body.successor === undefined ? undefined : didFromPublicKey(only.body.successor.person)
}
