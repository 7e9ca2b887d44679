import { InvalidArgumentError, ParleyError, type AbortOptions } from '@parley/core'
import { Decrypter, Encrypter } from 'age-encryption'
import { DamagedBackupError, WrongBackupKeyError } from './errors.ts'

/** What a backup is to be opened with: a passphrase, or any of the identities of some recipients (`age1…`). */
export type BackupLock =
  | { passphrase: string, recipients?: undefined, /** Cost of guessing the passphrase, as a power of two, 10 to 20. @default 18 */ workFactor?: number | undefined }
  | { passphrase?: undefined, recipients: string[], workFactor?: undefined }

/** What opens a backup. */
export type BackupKey =
  | { passphrase: string, identity?: undefined }
  | { passphrase?: undefined, /** `AGE-SECRET-KEY-1…`, or several */ identity: string | string[] }

/** An age header is a few hundred bytes for each recipient. */
const MAX_HEADER_BYTES = 64 * 1024
const HEADER_BEGINS = 'age-encryption.org/v1\n'
const LAST_LINE_BEGINS = '\n--- '

/**
 * Encrypts a stream as an age file (https://age-encryption.org/v1).
 *
 * @throws {InvalidArgumentError} when it is to be locked with nothing, with both, or with what is no recipient
 */
export async function * encryptAge (source: AsyncIterable<Uint8Array<ArrayBuffer>>, lock: BackupLock): AsyncGenerator<Uint8Array> {
  yield * fromStream(await createEncrypter(lock).encrypt(toStream(source)))
}

/** Checks a lock before any work is done with it. @throws {InvalidArgumentError} */
export function createEncrypter ({ passphrase, recipients, workFactor = 18 }: BackupLock): Encrypter {
  const encrypter = new Encrypter()
  if ((passphrase === undefined) === (recipients === undefined)) throw new InvalidArgumentError('A backup is locked with a passphrase or for recipients, one of the two')
  if (passphrase !== undefined) {
    if (!(Number.isInteger(workFactor) && workFactor >= 10 && workFactor <= 20)) throw new InvalidArgumentError(`A work factor is a whole number from 10 to 20, not ${workFactor}`)
    encrypter.setScryptWorkFactor(workFactor)
    encrypter.setPassphrase(normal(passphrase))
    return encrypter
  }
  if (recipients === undefined || recipients.length === 0) throw new InvalidArgumentError('A backup for nobody could never be opened')
  for (const recipient of recipients) orInvalid(() => { encrypter.addRecipient(recipient) }, `${JSON.stringify(recipient.slice(0, 80))} is no age recipient`)
  return encrypter
}

/**
 * Decrypts an age file as it is read. What was yielded before it throws was
 * genuine, but not all.
 *
 * @throws {WrongBackupKeyError} when none of what was given opens it
 * @throws {DamagedBackupError} when it is no age file, or one that was cut or altered
 * @throws {InvalidArgumentError} when what was given is no identity
 */
export async function * decryptAge (source: AsyncIterable<Uint8Array>, { passphrase, identity }: BackupKey, { signal }: AbortOptions = {}): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter()
  if ((passphrase === undefined) === (identity === undefined)) throw new InvalidArgumentError('A backup is opened with a passphrase or with identities, one of the two')
  if (passphrase !== undefined) decrypter.addPassphrase(normal(passphrase))
  // An identity is a secret: the error does not quote it.
  for (const secret of [identity ?? []].flat()) orInvalid(() => { decrypter.addIdentity(secret) }, 'This is no age identity')
  let isUnmatched = false
  // Asked last, and only when the header could be read and nothing before it matched.
  decrypter.addIdentity({ unwrapFileKey: () => { isUnmatched = true; return null } })
  try {
    yield * fromStream(await decrypter.decrypt(toStream(withBoundedHeader(source))))
  } catch (error) {
    signal?.throwIfAborted()
    if (isUnmatched) throw new WrongBackupKeyError()
    if (error instanceof ParleyError) throw error
    throw new DamagedBackupError('it is no age file, or was cut or altered', { cause: error })
  }
}

function orInvalid (work: () => void, message: string): void {
  try {
    work()
  } catch (cause) {
    throw new InvalidArgumentError(message, { cause })
  }
}

/** One passphrase may be typed as different code points on different keyboards. */
function normal (passphrase: string): string {
  if (passphrase === '') throw new InvalidArgumentError('An empty passphrase protects nothing')
  return passphrase.normalize('NFKC')
}

/** Passes bytes on, and refuses what has no header at its beginning: whoever parses one would read on for a line's end without bound. */
async function * withBoundedHeader (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let head: string | undefined = ''
  for await (const chunk of source) {
    if (head !== undefined) {
      head += Buffer.from(chunk).toString('latin1').slice(0, MAX_HEADER_BYTES - head.length)
      if (!head.startsWith(HEADER_BEGINS.slice(0, head.length))) throw new DamagedBackupError('it is no age file')
      if (head.includes(LAST_LINE_BEGINS)) head = undefined
      else if (head.length >= MAX_HEADER_BYTES) throw new DamagedBackupError('it is no age file: its header does not end')
    }
    yield new Uint8Array(chunk)
  }
}

function toStream (source: AsyncIterable<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = source[Symbol.asyncIterator]()
  // Nothing is read ahead: memory stays the same however large the backup is.
  return new ReadableStream({
    async pull (controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel () { await iterator.return?.() }
  }, { highWaterMark: 0 })
}

async function * fromStream (stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    // Harmless after the end; before it, whoever produces is told to stop.
    await reader.cancel().catch(() => {})
  }
}
