import { CID, RAW, cidOf, systemRandom, type AbortOptions, type Change, type RandomBytes, type Store } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { openLevelStore } from '@parley/network/node'
import { decode } from 'multiformats/hashes/digest'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { equals, toString } from 'uint8arrays'
import { IdentityExistsError } from '../errors.ts'
import { keysOf, readIdentity } from '../identity-files.ts'
import { decryptAge, type BackupKey } from './age-stream.ts'
import type { ContentRecord } from './archive-records.ts'
import { onDisk, readPieces, sizeOf, syncFolder } from './backup-file.ts'
import { DamagedBackupError } from './errors.ts'
import type { BackupProgress, BackupSummary } from './export-backup.ts'
import { readArchive } from './read-archive.ts'

export type ImportOptions = BackupKey & AbortOptions & {
  /** Encrypts the key files of the folder. @default none: they are protected by file permissions alone */
  keyPassphrase?: string | undefined
  onProgress?: ((progress: BackupProgress) => void) | undefined
  random?: RandomBytes
}

const SHA2_256 = 0x12
/** What is committed at once: every commit flushes the disk. */
const BATCH_BYTES = 4 * 1024 * 1024

/**
 * Makes `folder` the device that a backup was made of. All of it is read,
 * checked and flushed in a folder beside; only then does that take the name.
 *
 * The restored device is the same device, not another one: a device has one
 * writer, so the one that the backup was made of must never run again.
 *
 * @param folder must not exist, or be empty
 * @throws {IdentityExistsError} when something is in the folder
 * @throws {WrongBackupKeyError | DamagedBackupError | StorageUnavailableError}; nothing is left behind
 */
export async function importBackup (file: string, folder: string, options: ImportOptions): Promise<BackupSummary> {
  const { keyPassphrase, onProgress, signal, random = systemRandom } = options
  const target = resolve(folder)
  const totalBytes = await sizeOf(file)
  await checkEmpty(target)
  await removeLeftOvers(target)
  const beside = `${target}.${toString(random(8), 'base16')}.importing`
  try {
    await onDisk(beside, mkdir(beside, { recursive: true, mode: 0o700 }))
    let bytes = 0
    let records = 0
    const pieces = async function * (): AsyncGenerator<Uint8Array> {
      for await (const piece of readPieces(file, { signal })) {
        bytes += piece.byteLength
        onProgress?.({ records, bytes, totalBytes })
        yield piece
      }
    }
    const written = await writeTo(beside, readArchive(decryptAge(pieces(), options, { signal })), { keyPassphrase, random, signal, count: () => { records++ } })
    await checkIdentity(beside, written, keyPassphrase)
    await onDisk(beside, syncFolder(beside))
    signal?.throwIfAborted()
    await takeName(beside, target)
    return { ...written, sizeBytes: totalBytes }
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    throw error
  }
}

interface Writing { keyPassphrase: string | undefined, random: RandomBytes, signal: AbortSignal | undefined, count(): void }

async function writeTo (folder: string, records: AsyncIterable<ContentRecord>, { keyPassphrase, random, signal, count }: Writing): Promise<Omit<BackupSummary, 'sizeBytes'>> {
  const keys = createFileKeyStore(keysOf(folder), { passphrase: keyPassphrase, random })
  const store = await openLevelStore(join(folder, 'store'))
  const counts = { header: 0, key: 0, entry: 0, block: 0 }
  let header: Extract<ContentRecord, { type: 'header' }> | undefined
  const batch = createBatch(store)
  try {
    for await (const record of records) {
      signal?.throwIfAborted()
      counts[record.type]++
      count()
      switch (record.type) {
        case 'header': header = record; break
        case 'key': await keys.put(record.name, record.secret); break
        case 'entry': await batch.add({ type: 'put', key: record.key, value: record.value }, record.value.byteLength); break
        case 'block': await batch.add({ type: 'block', cid: cidOfRecord(record), bytes: record.bytes }, record.bytes.byteLength)
      }
    }
    await batch.flush()
  } finally {
    await store.close()
  }
  if (header === undefined) throw new DamagedBackupError('it is empty')
  return { person: didFromPublicKey(header.person), device: didFromPublicKey(header.device), created: header.created, keys: counts.key, entries: counts.entry, blocks: counts.block }
}

interface Batch {
  add(change: Change, sizeBytes: number): Promise<void>
  flush(): Promise<void>
}

function createBatch (store: Store): Batch {
  let changes: Change[] = []
  let waitingBytes = 0
  const flush = async (): Promise<void> => {
    if (changes.length > 0) await store.commit(changes, { durable: true })
    changes = []
    waitingBytes = 0
  }
  return {
    async add (change, sizeBytes) {
      changes.push(change)
      waitingBytes += sizeBytes + 128
      if (waitingBytes >= BATCH_BYTES) await flush()
    },
    flush
  }
}

function cidOfRecord ({ hash, bytes }: { hash: Uint8Array, bytes: Uint8Array }): CID {
  let cid: CID
  try {
    cid = CID.createV1(RAW, decode(hash))
  } catch (cause) {
    throw new DamagedBackupError('a block has no hash', { cause })
  }
  if (cid.multihash.code === SHA2_256 && !equals(cidOf(bytes).multihash.bytes, hash)) throw new DamagedBackupError('a block does not have its hash')
  return cid
}

async function checkIdentity (folder: string, { person, device }: { person: Did, device: Did }, passphrase: string | undefined): Promise<void> {
  const identity = await readIdentity(folder, { passphrase }).catch((cause: unknown) => {
    throw new DamagedBackupError('the keys in it are no identity', { cause })
  })
  if (identity.list.person !== person || identity.keys.did !== device) throw new DamagedBackupError('the keys in it are not those of the device it names')
}

/** @throws {IdentityExistsError} */
async function checkEmpty (folder: string): Promise<void> {
  const names = await onDisk(folder, readdir(folder).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return []
    throw error
  }))
  if (names.length > 0) throw new IdentityExistsError(folder)
}

/** Removes what earlier imports into this folder left when they were killed: it holds secrets. */
async function removeLeftOvers (target: string): Promise<void> {
  const parent = dirname(target)
  const names = await readdir(parent).catch(() => [])
  const left = names.filter(name => name.startsWith(`${basename(target)}.`) && /^\.[0-9a-f]{16}\.importing$/.test(name.slice(basename(target).length)))
  for (const name of left) await rm(join(parent, name), { recursive: true, force: true })
}

async function takeName (beside: string, target: string): Promise<void> {
  // Removes only an empty folder: whatever came into it meanwhile stays, and the import ends.
  await rmdir(target).catch((error: unknown) => {
    const { code } = error as { code?: unknown }
    if (code === 'ENOTEMPTY' || code === 'EEXIST') throw new IdentityExistsError(target)
    if (code !== 'ENOENT') throw error
  })
  await onDisk(target, rename(beside, target))
  await onDisk(target, syncFolder(dirname(target)))
}
