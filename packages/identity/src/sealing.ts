import { createAead } from '#aead'
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { InvalidArgumentError, bytesSchema } from '@parley/core'
import * as z from 'zod/mini'
import { KEY_BYTES, publicKeyFromDid, type Did } from './did.ts'
import { UndecryptableError } from './errors.ts'
import { importPublicKey, isLowOrder, parseSecret, type AgreementKey } from './x25519.ts'

/** What one device needs to open something sealed to several. */
export interface SealedCopy {
  /** Ed25519 key of the device it is for, 32 bytes. */
  device: Uint8Array
  /** HPKE encapsulated key, 32 bytes. */
  enc: Uint8Array
  /** Ciphertext and 16-byte tag. */
  ct: Uint8Array
}

/** Opens the messages of one HPKE context, in the order they were sealed. */
export interface SealedReceiver {
  /** @throws {UndecryptableError} when altered, out of order or with other associated data */
  open(ct: Uint8Array, aad: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** Seals a sequence of messages under one HPKE context. */
export interface SealedSender {
  /** What the receiver needs to begin, 32 bytes. */
  readonly enc: Uint8Array
  seal(plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** The key of a device to which others seal. */
export interface SealingKey extends AgreementKey {
  /** @throws {UndecryptableError} when it was sealed to another key, for another purpose or with other associated data, or altered */
  open(purpose: string, copy: Pick<SealedCopy, 'enc' | 'ct'>, aad: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
  /** Begins to open what a `SealedSender` seals. @throws {UndecryptableError} */
  receive(purpose: string, enc: Uint8Array): Promise<SealedReceiver>
}

/** Creates a sealing key from a 32-byte X25519 secret. */
export async function createSealingKey (secret: Uint8Array): Promise<SealingKey> {
  const { publicKey, agree, pair } = await parseSecret(secret)
  const receive = async (purpose: string, enc: Uint8Array): Promise<SealedReceiver> => {
    const context = await orUndecryptable(async () => await createSuite().createRecipientContext({ recipientKey: pair, enc: enc.slice(), info: infoOf(purpose) }))
    return {
      open: async (ct, aad) => await orUndecryptable(async () => new Uint8Array(await context.open(ct.slice(), aad.slice())))
    }
  }
  return {
    publicKey,
    agree,
    receive,
    open: async (purpose, copy, aad) => await (await receive(purpose, copy.enc)).open(copy.ct, aad)
  }
}

/** Begins a sequence of messages to one device. */
export async function createSealedSender (sealing: Uint8Array, purpose: string): Promise<SealedSender> {
  if (sealing.byteLength !== KEY_BYTES || isLowOrder(sealing)) throw new InvalidArgumentError('Nothing can be sealed to this key')
  const context = await createSuite().createSenderContext({ recipientPublicKey: await importPublicKey(sealing), info: infoOf(purpose) })
  return {
    enc: new Uint8Array(context.enc),
    seal: async (plaintext, aad) => new Uint8Array(await context.seal(plaintext.slice(), aad.slice()))
  }
}

/** Seals `plaintext` to each device by itself; `purpose` and `aad` must be known again to open it. */
export async function sealTo (devices: Array<{ device: Did, sealing: Uint8Array }>, purpose: string, plaintext: Uint8Array, aad: Uint8Array): Promise<SealedCopy[]> {
  return await Promise.all(devices.map(async ({ device, sealing }) => {
    const sender = await createSealedSender(sealing, purpose)
    return { device: publicKeyFromDid(device), enc: sender.enc, ct: await sender.seal(plaintext, aad) }
  }))
}

/** Checks a sealed copy inside another format; `maxBytes` limits its ciphertext. */
export function sealedCopySchema ({ maxBytes }: { maxBytes: number }): z.ZodMiniType<SealedCopy> {
  return z.strictObject({
    device: bytesSchema({ exactBytes: KEY_BYTES }),
    enc: bytesSchema({ exactBytes: KEY_BYTES }),
    ct: bytesSchema({ maxBytes })
  })
}

// A suite is a handful of constants; the library binds it to one use at a time.
function createSuite (): CipherSuite {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: createAead() })
}

function infoOf (purpose: string): Uint8Array<ArrayBuffer> {
  if (!/^[a-z][a-z0-9./-]{0,63}$/.test(purpose)) throw new InvalidArgumentError(`${JSON.stringify(purpose)} is no sealing purpose: lower case letters, digits, dots, slashes and hyphens`)
  return new TextEncoder().encode(`parley/1/${purpose}`)
}

async function orUndecryptable<T> (open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) throw cause
    throw new UndecryptableError('sealed copy', { cause })
  }
}
