import { InvalidArgumentError, sha256 } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import { fromString, toString } from 'uint8arrays'
import type { CallId } from './types.ts'

/** Returns the inbox topic of a person: one of 256 shards, which hides who is called. */
export function inboxTopic (person: Did): string {
  return `/parley/1/inbox/${sha256(fromString(person))[0] ?? 0}`
}

/** Returns the 16 bytes a call has on the wire. @throws {InvalidArgumentError} */
export function callBytes (call: CallId): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array | undefined
  try {
    if (call.startsWith('call_')) bytes = fromString(call.slice(5), 'base32hex')
  } catch {}
  if (bytes?.byteLength !== 16) throw new InvalidArgumentError(`${call} is no call id`)
  return new Uint8Array(bytes)
}

/** Names a call by its 16 bytes. */
export function callId (bytes: Uint8Array): CallId {
  return `call_${toString(bytes, 'base32hex')}`
}

/** Names any identifier of bytes, as a key of a map: cheap to make, and never shown. */
export function keyOf (bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** Turns keys into DIDs and back. Base58 costs more than a signature check is worth, so the last few thousand are remembered. */
export interface DidBook {
  did(publicKey: Uint8Array): Did
  publicKey(did: Did): Uint8Array<ArrayBuffer>
}

const MAX_REMEMBERED = 4096

/** Creates an empty book. */
export function createDidBook (): DidBook {
  const dids = new Map<string, Did>()
  const keys = new Map<Did, Uint8Array<ArrayBuffer>>()
  return {
    did (publicKey) {
      const key = keyOf(publicKey)
      const known = dids.get(key)
      if (known !== undefined) return known
      if (dids.size >= MAX_REMEMBERED) dids.clear()
      const did = didFromPublicKey(publicKey)
      dids.set(key, did)
      return did
    },
    publicKey (did) {
      const known = keys.get(did)
      if (known !== undefined) return known
      if (keys.size >= MAX_REMEMBERED) keys.clear()
      const publicKey = new Uint8Array(publicKeyFromDid(did))
      keys.set(did, publicKey)
      return publicKey
    }
  }
}
