import type { CID, Store } from '@parley/core'
import { equals } from 'uint8arrays'
import { parseAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { readBlock } from '../log/log-stream.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { UnknownActionError } from './errors.ts'
import { MAX_TURNING_POINTS, MAX_WINDOW_KEYS } from './limits.ts'
import { newestRows, turningPoints } from './newest-rows.ts'

/** Blocks of a log: those asked for, the newest first, and those that carry the keys of their epochs. */
export interface LogWindow {
  keys: Uint8Array[]
  blocks: Uint8Array[]
}

export interface WindowOfLog {
  before?: CID | undefined
  count: number
  /** The 32-byte key of the device that asks: what hands keys to it comes along. */
  device?: Uint8Array | undefined
  /** The last row, in the common order, that may be shown. */
  through?: number | undefined
}

/** @throws {UnknownActionError} when the log has no action `before` */
export async function windowOfLog (store: Store, { rows }: LogIndex, { before, count, device, through }: WindowOfLog): Promise<LogWindow> {
  const place = before === undefined ? undefined : rows.find(before.multihash.digest)
  if (before !== undefined && (place === undefined || place < 0)) throw new UnknownActionError(before)
  const newest = newestRows(rows, { before: place, count, through })
  const shown = new Set(newest)
  const read = async (list: number[]): Promise<Uint8Array[]> => await Promise.all(list.map(async row => await readBlock(store, cidOfHash(rows.hash(row)))))
  const others = device === undefined ? [] : await read(turningPoints(rows, { through, most: MAX_TURNING_POINTS }).filter(row => !shown.has(row)))
  return {
    keys: device === undefined ? [] : others.filter(bytes => handsKeysTo(bytes, device)).slice(0, MAX_WINDOW_KEYS),
    blocks: await read(newest)
  }
}

function handsKeysTo (bytes: Uint8Array, device: Uint8Array): boolean {
  return parseAction(bytes).keys?.some(copy => equals(copy.device, device)) === true
}
