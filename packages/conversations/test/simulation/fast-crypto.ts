import nodeCrypto, { createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { createSeededRandom, type RandomBytes } from '@parley/core'

/** RFC 8410: what stands before the 32 bytes of an X25519 secret, and of a public key. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const SPKI = Buffer.from('302a300506032b656e032100', 'hex')

/** A key as this subtle hands it out. */
interface SimulatedKey { bytes: Uint8Array, isSecret?: boolean }

interface SimulatedPair { privateKey: SimulatedKey, publicKey: SimulatedKey }

type Verify = typeof nodeCrypto.verify

/** More answers than one run of a simulation needs. */
const MAX_REMEMBERED = 16_384

/** Ephemeral keys are drawn from so many: what two of them agree on is then known already. */
const EPHEMERAL_KEYS = 32

/**
 * Makes the cryptography of this process repeatable and quick: X25519 and HMAC
 * are computed at once instead of in a thread, so nothing depends on when one
 * answers; ephemeral keys are a few, chosen by `ephemeral`; and what was
 * computed for one replica is not computed again for the next. Nothing else is
 * different: each seal and signature is real. Returns what undoes it.
 *
 * Node alone, and everything that holds keys has to be made after it.
 */
export function installFastCrypto (ephemeral: () => RandomBytes): () => void {
  const verify = nodeCrypto.verify
  nodeCrypto.verify = remembering(verify)
  syncBuiltinESMExports()
  Object.defineProperty(globalThis.crypto, 'subtle', { configurable: true, value: createSubtle(ephemeral) })
  return () => {
    nodeCrypto.verify = verify
    syncBuiltinESMExports()
    Reflect.deleteProperty(globalThis.crypto, 'subtle')
  }
}

/** Remembers good signatures; a false one is asked about each time. */
function remembering (verify: Verify): Verify {
  let good = new Map<string, KeyObject>()
  const remembered = (algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean => {
    const name = nameOf(signature) + nameOf(message)
    if (good.get(name) === key) return true
    const isGood = verify(algorithm, message, key, signature)
    if (good.size >= MAX_REMEMBERED) good = new Map()
    if (isGood) good.set(name, key)
    return isGood
  }
  return remembered as unknown as Verify
}

function createSubtle (ephemeral: () => RandomBytes): object {
  const seeded = createSeededRandom(25_519)
  const pairs = Array.from({ length: EPHEMERAL_KEYS }, (): SimulatedPair => {
    const bytes = seeded(32)
    return { privateKey: { bytes, isSecret: true }, publicKey: { bytes: publicOf(bytes) } }
  })
  let agreed = new Map<string, Uint8Array>()
  const agree = (own: SimulatedKey, theirs: SimulatedKey): ArrayBuffer => {
    const name = nameOf(own.bytes) + nameOf(theirs.bytes)
    if (agreed.size >= MAX_REMEMBERED) agreed = new Map()
    const known = agreed.get(name) ?? new Uint8Array(diffieHellman({ privateKey: secretObject(own.bytes), publicKey: publicObject(theirs.bytes) }))
    agreed.set(name, known)
    return known.slice().buffer
  }
  return {
    async importKey (format: string, given: BufferSource): Promise<SimulatedKey> {
      const bytes = bytesOf(given).slice()
      return format === 'pkcs8' ? { bytes: bytes.subarray(PKCS8.length), isSecret: true } : { bytes }
    },
    async exportKey (format: string, { bytes, isSecret = false }: SimulatedKey): Promise<unknown> {
      return format === 'raw' ? bytes.slice().buffer : { x: Buffer.from(isSecret ? publicOf(bytes) : bytes).toString('base64url') }
    },
    generateKey: async (): Promise<SimulatedPair | undefined> => pairs[(ephemeral()(1)[0] ?? 0) % EPHEMERAL_KEYS],
    async deriveBits (algorithm: { name: 'HKDF', salt: BufferSource, info: BufferSource } | { name: 'X25519', public: SimulatedKey }, own: SimulatedKey, bits: number): Promise<ArrayBuffer> {
      if (algorithm.name === 'HKDF') return hkdfSync('sha256', own.bytes, bytesOf(algorithm.salt), bytesOf(algorithm.info), bits / 8)
      return agree(own, algorithm.public)
    },
    async digest (algorithm: string | { name: string }, data: BufferSource): Promise<ArrayBuffer> {
      const name = typeof algorithm === 'string' ? algorithm : algorithm.name
      return new Uint8Array(createHash(name.replace('-', '').toLowerCase()).update(bytesOf(data)).digest()).buffer
    },
    async sign (_name: string, { bytes }: SimulatedKey, data: BufferSource): Promise<ArrayBuffer> {
      return new Uint8Array(createHmac('sha256', bytes).update(bytesOf(data)).digest()).buffer
    }
  }
}

function secretObject (bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: 'der', type: 'pkcs8' })
}

function publicObject (bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' })
}

function publicOf (secret: Uint8Array): Uint8Array {
  return new Uint8Array(createPublicKey(secretObject(secret)).export({ format: 'der', type: 'spki' }).subarray(SPKI.length))
}

function nameOf (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function bytesOf (data: BufferSource): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}
