import type { DeviceList } from '../device-list.ts'
import { didFromPublicKey, type Did } from '../did.ts'
import type { ChangeKind } from './change.ts'
import { stateOf } from './state.ts'
import type { Reason } from './standing.ts'

/** One change of a device list, for people to read. */
export interface DeviceHistoryEntry {
  /** The person, or the device that signed for them. */
  author: Did
  /** When, by the author's clock. */
  at: number
  kind: ChangeKind
  /** The device that was put, revoked or erased. */
  device?: Did
  /** Whether it has an effect. An erasure has taken its effect on details in any case. */
  counts: boolean
  /** Why it has none. */
  why?: Reason
}

/** Returns who changed a list, when and how: every change, also those without effect, each after what it builds on. */
export function deviceHistory (list: DeviceList): DeviceHistoryEntry[] {
  const { set, reduced: { standing } } = stateOf(list)
  return set.changes.map(({ kind, body }, place) => {
    const device = body.put?.device ?? body.revoke ?? body.erase
    const why = standing[place]
    return {
      author: didFromPublicKey(body.author ?? set.person),
      at: body.at,
      kind,
      ...(device === undefined ? {} : { device: didFromPublicKey(device) }),
      counts: why === undefined,
      ...(why === undefined ? {} : { why })
    }
  })
}
