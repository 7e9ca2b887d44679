import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { scrypt } from 'node:crypto'
import { ParleyError, bytesSchema, createCodec, sha256, type RandomBytes } from '@parley/core'
import { concat, equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { DamagedKeyFileError, PassphraseNeededError, WrongPassphraseError } from './errors.ts'

/** A secret is never larger. */
export const MAX_SECRET_BYTES = 64 * 1024
/** A key file is never larger. */
export const MAX_KEY_FILE_BYTES = MAX_SECRET_BYTES + 1024
const CHECKSUM_BYTES = 32
const SALT_BYTES = 16
const NONCE_BYTES = 24

/** scrypt (RFC 7914) of new files: 32 MiB and about a tenth of a second. */
const COST = { N: 2 ** 15, r: 8, p: 1 } as const

/** Tells whether a key may be called this. */
export function isName (name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,63}$/.test(name)
}

const name = z.string().check(z.refine(isName, 'expected a key name'))
const codec = createCodec('key file', z.union([
  z.strictObject({ v: z.literal(1), kind: z.literal('plain'), name, secret: bytesSchema({ maxBytes: MAX_SECRET_BYTES }) }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('scrypt'),
    name,
    // Exactly these: a file from elsewhere must not choose how much memory we spend on it.
    N: z.literal(COST.N),
    r: z.literal(COST.r),
    p: z.literal(COST.p),
    salt: bytesSchema({ exactBytes: SALT_BYTES }),
    nonce: bytesSchema({ exactBytes: NONCE_BYTES }),
    sealed: bytesSchema({ maxBytes: MAX_SECRET_BYTES + 16 })
  })
]), { maxBytes: MAX_KEY_FILE_BYTES })

/** Encodes a secret as a key file, encrypted when there is a passphrase. */
export async function encodeKeyFile ({ name, secret, passphrase }: { name: string, secret: Uint8Array, passphrase: string | undefined }, components: { random: RandomBytes }): Promise<Uint8Array> {
  if (passphrase === undefined) return withChecksum(codec.encode({ v: 1, kind: 'plain', name, secret: secret.slice() }))
  const salt = components.random(SALT_BYTES).slice()
  const nonce = components.random(NONCE_BYTES).slice()
  const key = await derive(passphrase, salt)
  const sealed = new Uint8Array(xchacha20poly1305(key, nonce, aadOf(name)).encrypt(secret))
  return withChecksum(codec.encode({ v: 1, kind: 'scrypt', name, ...COST, salt, nonce, sealed }))
}

/**
 * Decodes a key file. The checksum tells damage from a wrong passphrase: what
 * has the right one and does not open was written with another passphrase.
 *
 * @throws {DamagedKeyFileError | PassphraseNeededError | WrongPassphraseError}
 */
export async function decodeKeyFile (bytes: Uint8Array, { name, path, passphrase }: { name: string, path: string, passphrase: string | undefined }): Promise<Uint8Array> {
  const body = bytes.subarray(0, Math.max(0, bytes.byteLength - CHECKSUM_BYTES))
  if (!equals(sha256(body), bytes.subarray(body.byteLength))) throw new DamagedKeyFileError(path, 'it is truncated or altered')
  const file = decode(body, path)
  if (file.name !== name) throw new DamagedKeyFileError(path, `it holds the key ${file.name}`)
  if (file.kind === 'plain') return file.secret
  if (passphrase === undefined) throw new PassphraseNeededError(name)
  const key = await derive(passphrase, file.salt)
  try {
    return xchacha20poly1305(key, file.nonce, aadOf(name)).decrypt(file.sealed)
  } catch {
    throw new WrongPassphraseError(name)
  }
}

function decode (body: Uint8Array, path: string): ReturnType<typeof codec.decode> {
  try {
    return codec.decode(body)
  } catch (cause) {
    throw new DamagedKeyFileError(path, cause instanceof ParleyError ? cause.message : 'it is not a key file', { cause })
  }
}

function withChecksum (body: Uint8Array): Uint8Array {
  return concat([body, sha256(body)])
}

/** Ties the ciphertext to its name, so that one key file cannot be passed off as another. */
function aadOf (name: string): Uint8Array {
  return new TextEncoder().encode(`parley/1/key-file\0${name}`)
}

async function derive (passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  // One passphrase may be typed as different code points on different keyboards.
  const text = passphrase.normalize('NFKC')
  return await new Promise((resolve, reject) => {
    scrypt(text, salt, 32, { ...COST, maxmem: 64 * 1024 * 1024 }, (error, key) => {
      if (error === null) resolve(new Uint8Array(key))
      else reject(error)
    })
  })
}
