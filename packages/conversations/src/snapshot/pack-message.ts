import type { Did } from '@parley/identity'
import type { LogRows } from '../log/log-rows.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { Message } from '../types.ts'
import { pack, unpack, type Packed } from './pack-value.ts'

/** Id, author, device, wall, counter, offset, row of the version, body, and what few messages have. */
export type PackedMessage = [string, number, number, number, number, number, number, string | null] | [string, number, number, number, number, number, number, string | null, Packed]

/** Numbers the people and devices of a state, which are few. */
export interface Names {
  numberOf(did: Did): number
  readonly list: Did[]
}

export function createNames (): Names {
  const list: Did[] = []
  const numbers = new Map<Did, number>()
  return {
    list,
    numberOf (did) {
      const known = numbers.get(did)
      if (known !== undefined) return known
      numbers.set(did, list.length)
      return list.push(did) - 1
    }
  }
}

// Shared by all messages that have none; what is in a state is replaced, never changed.
const NONE: readonly never[] = Object.freeze([])
const NOBODY = Object.freeze({})

export function packMessage (message: Message, rows: LogRows, names: Names): PackedMessage {
  const { id, author, device, time, version, body, format, state, played, editors, conflicts, reactions, attachments, ...others } = message
  const rare = {
    ...others,
    ...(format === 'plain' ? {} : { format }),
    ...(state === 'complete' ? {} : { state }),
    ...(isEmpty(played) ? {} : { played }),
    ...(isEmpty(reactions) ? {} : { reactions }),
    ...(editors.length === 0 ? {} : { editors }),
    ...(conflicts.length === 0 ? {} : { conflicts }),
    ...(attachments.length === 0 ? {} : { attachments })
  }
  const fixed: PackedMessage = [id, names.numberOf(author), names.numberOf(device), time.wallMs, time.counter, time.offsetMinutes, rows.find(version.multihash.digest), body ?? null]
  return isEmpty(rare) ? fixed : [...fixed.slice(0, 8), pack(rare)] as PackedMessage
}

export function unpackMessage ([id, author, device, wallMs, counter, offsetMinutes, version, body, rare]: PackedMessage, rows: LogRows, names: readonly Did[]): Message {
  const message: Message = {
    id,
    author: names[author] ?? '',
    device: names[device] ?? '',
    time: { wallMs, counter, offsetMinutes },
    ...(body === null ? {} : { body }),
    format: 'plain',
    state: 'complete',
    played: NOBODY,
    version: cidOfHash(rows.hash(version)),
    editors: NONE,
    conflicts: NONE,
    reactions: NOBODY,
    attachments: NONE
  }
  return rare === undefined ? message : { ...message, ...unpack(rare) as Partial<Message> }
}

function isEmpty (value: object): boolean {
  for (const _key in value) return false
  return true
}
