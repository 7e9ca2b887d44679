import { chmod, mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidArgumentError, StorageUnavailableError, systemRandom, type RandomBytes } from '@parley/core'
import { toString } from 'uint8arrays'
import { writeAtomically, type FileSteps } from './atomic-file.ts'
import { MAX_SECRET_BYTES, decodeKeyFile, encodeKeyFile, isName } from './key-file.ts'
import type { KeyStore } from './key-store.ts'
import { createQueue } from './queue.ts'
import { compareText } from './text.ts'

const SUFFIX = '.key'

/** The choices of a file key store. */
export interface FileKeyStoreInit {
  /** Encrypts what is put from now on, and opens what was encrypted. @default none: secrets are protected by file permissions alone */
  passphrase?: string | undefined
  /** @default the platform's generator */
  random?: RandomBytes | undefined
  /** @default the file system of the machine */
  files?: FileSteps | undefined
}

/** Creates a key store with one file a key in `folder` (mode 0700, files 0600), which is created when it is needed. */
export function createFileKeyStore (folder: string, { passphrase, random = systemRandom, files }: FileKeyStoreInit = {}): KeyStore {
  if (passphrase === '') throw new InvalidArgumentError('An empty passphrase protects nothing; leave it out to keep keys unencrypted')
  // One after the other, or one write would take another's temporary file for a left-over.
  const queue = createQueue()
  const write = async (name: string, path: string, secret: Uint8Array): Promise<void> => {
    const bytes = await encodeKeyFile({ name, secret, passphrase }, { random })
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // A folder that was there before may be open to others.
      await chmod(folder, 0o700)
      await writeAtomically(path, temporaryOf(path, random), bytes, files)
      await removeLeftOvers(folder, name)
    } catch (error) {
      throw unavailable(folder, error)
    }
  }
  return {
    async get (name) {
      const path = pathOf(folder, name)
      const bytes = await readFile(path).catch(missing)
      return bytes === undefined ? undefined : await decodeKeyFile(bytes, { name, path, passphrase })
    },
    async put (name, secret) {
      const path = pathOf(folder, name)
      if (secret.byteLength > MAX_SECRET_BYTES) throw new InvalidArgumentError(`A secret has at most ${MAX_SECRET_BYTES} bytes, not ${secret.byteLength}`)
      const own = secret.slice()
      await queue(async () => { await write(name, path, own) })
    },
    async list () {
      const names = await readdir(folder).catch(missing) ?? []
      return names.filter(name => name.endsWith(SUFFIX)).map(name => name.slice(0, -SUFFIX.length)).filter(isName).sort(compareText)
    }
  }
}

function pathOf (folder: string, name: string): string {
  if (!isName(name)) throw new InvalidArgumentError(`${JSON.stringify(name)} is no key name: up to 64 lower case letters, digits and hyphens`)
  return join(folder, name + SUFFIX)
}

function temporaryOf (path: string, random: RandomBytes): string {
  return `${path}.${toString(random(8), 'base16')}.tmp`
}

/** Removes what earlier writes of this key left when they were killed: it holds secrets too. */
async function removeLeftOvers (folder: string, name: string): Promise<void> {
  const names = await readdir(folder)
  const left = names.filter(file => file.startsWith(`${name}${SUFFIX}.`) && file.endsWith('.tmp'))
  await Promise.all(left.map(async file => { await rm(join(folder, file), { force: true }) }))
}

function missing (error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw new StorageUnavailableError('failed', String(error), { cause: error })
}

function unavailable (folder: string, error: unknown): StorageUnavailableError {
  const code = codeOf(error)
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'failed'
  return new StorageUnavailableError(reason, folder, { cause: error })
}

function codeOf (error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}
