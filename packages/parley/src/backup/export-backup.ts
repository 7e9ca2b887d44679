import { createSystemClock, systemRandom, type AbortOptions, type Clock, type RandomBytes, type Store } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { openLevelStore } from '@parley/network/node'
import { join } from 'node:path'
import { keysOf, readIdentity } from '../identity-files.ts'
import { createEncrypter, encryptAge, type BackupLock } from './age-stream.ts'
import type { ContentRecord } from './archive-records.ts'
import { writeWhole, type BackupFileSteps } from './backup-file.ts'
import { writeArchive } from './write-archive.ts'

/** What a backup holds. */
export interface BackupSummary {
  person: Did
  device: Did
  /** When it was made, in milliseconds since 1970. */
  created: number
  keys: number
  entries: number
  blocks: number
  /** Of the file. */
  sizeBytes: number
}

/** How far the work is; told after each piece of some 64 KiB. */
export interface BackupProgress {
  records: number
  bytes: number
  /** Known when a file is read, not when one is written. */
  totalBytes?: number
}

export type ExportOptions = BackupLock & AbortOptions & {
  /** Opens the key files of the folder. @default none: they are not encrypted */
  keyPassphrase?: string | undefined
  onProgress?: ((progress: BackupProgress) => void) | undefined
  clock?: Clock
  random?: RandomBytes
  /** @default the file system of the machine */
  files?: BackupFileSteps | undefined
}

/**
 * Writes everything of a device to one encrypted file: its keys, its device
 * list, and every entry and block of its store. Memory stays the same however
 * much that is. A device that runs gives its open store; what it commits
 * meanwhile may be left out.
 *
 * @param out is replaced when it exists, once the new file is whole
 * @throws {NoIdentityError | WrongPassphraseError | PassphraseNeededError} for the folder's keys
 * @throws {StoreLockedError} when the folder's device is running and no open store was given
 * @throws {InvalidArgumentError | StorageUnavailableError | OversizedBytesError}; nothing is left behind
 */
export async function exportBackup (source: string | { folder: string, store: Store }, out: string, options: ExportOptions): Promise<BackupSummary> {
  const { keyPassphrase, onProgress, signal, clock = createSystemClock(), random = systemRandom, files } = options
  // Said before anything is read or written.
  createEncrypter(options)
  const folder = typeof source === 'string' ? source : source.folder
  const { keys: { did: device }, list: { person } } = await readIdentity(folder, { passphrase: keyPassphrase })
  const created = Math.floor(clock.now())
  const counts = { header: 0, key: 0, entry: 0, block: 0 }
  const store = typeof source === 'string' ? await openLevelStore(join(folder, 'store')) : source.store
  try {
    const records = counted(recordsOf(folder, store, { person, device, created, keyPassphrase, signal }), counts)
    let bytes = 0
    const chunks = watched(encryptAge(writeArchive(records), options), chunk => {
      bytes += chunk.byteLength
      onProgress?.({ records: counts.key + counts.entry + counts.block, bytes })
    })
    const sizeBytes = await writeWhole(out, chunks, { random, files, signal })
    return { person, device, created, keys: counts.key, entries: counts.entry, blocks: counts.block, sizeBytes }
  } finally {
    if (typeof source === 'string') await store.close()
  }
}

interface Whose { person: Did, device: Did, created: number, keyPassphrase: string | undefined, signal: AbortSignal | undefined }

async function * recordsOf (folder: string, store: Store, { person, device, created, keyPassphrase, signal }: Whose): AsyncGenerator<ContentRecord> {
  yield { v: 1, type: 'header', person: publicKeyFromDid(person).slice(), device: publicKeyFromDid(device).slice(), created }
  const keys = createFileKeyStore(keysOf(folder), { passphrase: keyPassphrase })
  for (const name of await keys.list()) {
    const secret = await keys.get(name)
    if (secret !== undefined) yield { type: 'key', name, secret: secret.slice() }
  }
  // Blocks come after the entries that name them, so that a store which grows meanwhile has every block that an entry here wants.
  for await (const { key, value } of store.entries('', { signal })) yield { type: 'entry', key, value: value.slice() }
  for await (const { cid, bytes } of store.blockstore.getAll(signal === undefined ? {} : { signal })) {
    const parts: Uint8Array[] = []
    for await (const part of bytes) parts.push(part)
    yield { type: 'block', hash: cid.multihash.bytes.slice(), bytes: new Uint8Array(Buffer.concat(parts)) }
  }
}

async function * counted (records: AsyncIterable<ContentRecord>, counts: Record<ContentRecord['type'], number>): AsyncGenerator<ContentRecord> {
  for await (const record of records) {
    counts[record.type]++
    yield record
  }
}

async function * watched (chunks: AsyncIterable<Uint8Array>, look: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    look(chunk)
    yield chunk
  }
}
