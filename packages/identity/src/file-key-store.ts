import { InvalidArgumentError, systemRandom, type RandomBytes } from '@parley/core'
import type { FileSteps } from './atomic-file.ts'
import { MAX_SECRET_BYTES, decodeKeyFile, encodeKeyFile } from './key-file.ts'
import { createKeyFolder } from './key-folder.ts'
import type { KeyStore } from './key-store.ts'
import { createQueue } from './queue.ts'

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
  checkPassphrase(passphrase)
  const keys = createKeyFolder(folder, { random, files })
  // One after the other, or one write would take another's temporary file for a left-over.
  const queue = createQueue()
  return {
    async get (name) {
      const path = keys.pathOf(name)
      const bytes = await keys.read(name)
      return bytes === undefined ? undefined : await decodeKeyFile(bytes, { name, path, passphrase })
    },
    async put (name, secret) {
      keys.pathOf(name)
      if (secret.byteLength > MAX_SECRET_BYTES) throw new InvalidArgumentError(`A secret has at most ${MAX_SECRET_BYTES} bytes, not ${secret.byteLength}`)
      const own = secret.slice()
      await queue(async () => { await keys.write({ name, bytes: await encodeKeyFile({ name, secret: own, passphrase }, { random }) }) })
    },
    list: async () => await keys.names()
  }
}

/** The passphrases before and after, and how the files are written. */
export interface PassphraseChange extends Omit<FileKeyStoreInit, 'passphrase'> {
  /** What opens the keys now. @default none */
  from?: string | undefined
  /** What is to open them from now on. @default none: secrets are then protected by file permissions alone */
  to?: string | undefined
}

/**
 * Writes every key of a file key store again under another passphrase. Whatever
 * dies at whatever moment, all of them open with the old one or all with the
 * new one. No key store of the folder may be in use meanwhile: what it puts
 * would have the old passphrase.
 *
 * @throws {WrongPassphraseError | PassphraseNeededError | DamagedKeyFileError} when one of them does not open; nothing is changed then
 * @throws {StorageUnavailableError} when the files cannot be written; then as after a kill
 */
export async function changeKeyPassphrase (folder: string, { from, to, random = systemRandom, files }: PassphraseChange): Promise<void> {
  checkPassphrase(from)
  checkPassphrase(to)
  const keys = createKeyFolder(folder, { random, files })
  const changed: Array<{ name: string, bytes: Uint8Array }> = []
  for (const name of await keys.names()) {
    const bytes = await keys.read(name)
    if (bytes === undefined) continue
    const secret = await decodeKeyFile(bytes, { name, path: keys.pathOf(name), passphrase: from })
    changed.push({ name, bytes: await encodeKeyFile({ name, secret, passphrase: to }, { random }) })
  }
  if (changed.length > 0) await keys.writeAll(changed)
}

function checkPassphrase (passphrase: string | undefined): void {
  if (passphrase === '') throw new InvalidArgumentError('An empty passphrase protects nothing; leave it out to keep keys unencrypted')
}
