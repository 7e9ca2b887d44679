import { InvalidBytesError, type CID, type Change, type Logger, type RandomBytes, type Store } from '@parley/core'
import { UndecryptableError, decryptContent, encryptContent } from '@parley/identity'
import { concat, fromString, toString } from 'uint8arrays'
import type { Draft } from '../actions/draft.ts'
import { keyBytes, keyName } from '../format/key-name.ts'
import type { LogIndex } from '../log/log-index.ts'
import type { EpochKey, Keyring } from '../read/keyring.ts'
import { packDraft, unpackDraft, type PackedDraft } from './pack-draft.ts'

/** What a log amounted to up to a place in the common order. */
export interface Snapshot {
  /** The last row, in the common order, that is in the draft. */
  boundary: number
  /** Rows of the log when it was made; of these, those after the boundary are not in the draft. */
  rows: number
  draft: Draft
  keys: EpochKey[]
  /** `keyName` of the devices that have the keys of an epoch. */
  devices: Array<{ epoch: number, names: string[] }>
  /** Actions up to the boundary that no key opened, and those that hold what is no content. */
  locked: number
  malformed: number
}

/** What is to be kept. */
export type SnapshotOf = Omit<Snapshot, 'keys' | 'devices'> & { keyring: Keyring }

/** Keeps states beside their logs, sealed for this device. Nothing depends on them: without one the log is read. */
export interface Snapshots {
  /** Returns the snapshot of a log where it is good for the log as it is now. */
  load(id: CID, index: LogIndex): Promise<Snapshot | undefined>
  /** Returns what is to be written to keep one instead of the last. */
  save(id: CID, index: LogIndex, snapshot: SnapshotOf): Promise<Change[]>
}

interface Kept {
  v: 1
  rows: number
  /** Hashes, in base64: a log that has other rows there, as after a power cut, is another one. */
  last: string
  boundary: string
  keys: Array<[number, string]>
  devices: Array<[number, string[]]>
  locked: number
  malformed: number
  draft: PackedDraft
}

const CHUNK_BYTES = 1024 * 1024
const text = new TextEncoder()

export function createSnapshots ({ store, storageKey, random, logger }: { store: Store, storageKey: Uint8Array, random: RandomBytes, logger: Logger }): Snapshots {
  const folderOf = (id: CID): string => `/conversations/snapshots/${id.toString()}/`
  const pathOf = (id: CID, chunk: number): string => folderOf(id) + String(chunk).padStart(6, '0')

  const read = async (id: CID): Promise<Kept | undefined> => {
    const chunks: Uint8Array[] = []
    for await (const { key, value } of store.entries(folderOf(id))) chunks.push(decryptContent(storageKey, value, text.encode(key)))
    const [only] = chunks
    if (only === undefined) return undefined
    const kept = JSON.parse(new TextDecoder().decode(chunks.length === 1 ? only : concat(chunks))) as Kept
    // It was sealed by this device, so it has the shape that this program gave it, or an older one did.
    return kept.v === 1 ? kept : undefined
  }
  /** Tells where the log has a row, or -1. */
  const rowOf = ({ rows }: LogIndex, hash: string): number => rows.find(fromString(hash, 'base64'))

  return {
    async load (id, index) {
      try {
        const kept = await read(id)
        if (kept === undefined || !isOf(index, kept)) return undefined
        const boundary = rowOf(index, kept.boundary)
        for (let row = kept.rows; row < index.rows.size; row++) {
          // Something came that belongs before the boundary.
          if (index.rows.compare(row, boundary) < 0) return undefined
        }
        return {
          boundary,
          rows: kept.rows,
          draft: unpackDraft(kept.draft, index.rows),
          keys: kept.keys.map(([epoch, key]) => ({ epoch, key: fromString(key, 'base64') })),
          devices: kept.devices.map(([epoch, names]) => ({ epoch, names: names.map(name => keyName(fromString(name, 'base64'))) })),
          locked: kept.locked,
          malformed: kept.malformed
        }
      } catch (error) {
        if (!(error instanceof UndecryptableError || error instanceof InvalidBytesError || error instanceof SyntaxError)) throw error
        logger.warn('the snapshot of a conversation is damaged; its log is read', { conversation: id.toString(), reason: error.message })
        return undefined
      }
    },
    async save (id, index, { boundary, rows, draft, keyring, locked, malformed }) {
      const hashOf = (row: number): string => toString(index.rows.hash(row), 'base64')
      const epochs = keyring.epochs()
      const kept: Kept = {
        v: 1,
        rows,
        last: hashOf(rows - 1),
        boundary: hashOf(boundary),
        keys: epochs.flatMap(epoch => keyring.keys(epoch).map((key): [number, string] => [epoch, toString(key, 'base64')])),
        devices: epochs.map(epoch => [epoch, [...keyring.devices(epoch)].map(name => toString(keyBytes(name), 'base64'))]),
        locked,
        malformed,
        draft: packDraft(draft, index.rows)
      }
      const bytes = text.encode(JSON.stringify(kept))
      const chunks = Math.ceil(bytes.length / CHUNK_BYTES)
      const changes: Change[] = []
      for (let chunk = 0; chunk < chunks; chunk++) {
        const key = pathOf(id, chunk)
        changes.push({ type: 'put', key, value: encryptContent(storageKey, bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES), text.encode(key), random) })
      }
      // What the last one had more.
      for await (const { key } of store.entries(folderOf(id))) if (key >= pathOf(id, chunks)) changes.push({ type: 'delete', key })
      return changes
    }
  }

  function isOf (index: LogIndex, { rows, last, boundary }: Kept): boolean {
    return rows > 0 && rowOf(index, last) === rows - 1 && rowOf(index, boundary) >= 0
  }
}
