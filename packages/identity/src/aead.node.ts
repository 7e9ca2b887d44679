import { Aes256Gcm } from '@hpke/core'
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'

const TAG_BYTES = 16

/**
 * AES-256-GCM for HPKE, done at once by node:crypto: WebCrypto takes each
 * message through the thread pool, which is most of what a small one costs.
 */
class NativeAes256Gcm extends Aes256Gcm {
  override createEncryptionContext (key: ArrayBufferLike | ArrayBufferView): ReturnType<Aes256Gcm['createEncryptionContext']> {
    // A key object is looked at once; raw bytes would be tested for what they are at every message.
    const secret = createSecretKey(bytesOf(key))
    return {
      async seal (iv, data, aad) {
        const cipher = createCipheriv('aes-256-gcm', secret, bytesOf(iv)).setAAD(bytesOf(aad))
        return plainBuffer([cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag()])
      },
      async open (iv, data, aad) {
        const sealed = bytesOf(data)
        const end = Math.max(0, sealed.byteLength - TAG_BYTES)
        const decipher = createDecipheriv('aes-256-gcm', secret, bytesOf(iv), { authTagLength: TAG_BYTES }).setAAD(bytesOf(aad)).setAuthTag(sealed.subarray(end))
        return plainBuffer([decipher.update(sealed.subarray(0, end)), decipher.final()])
      }
    }
  }
}

/** Creates the AEAD that sealing uses. */
export function createAead (): Aes256Gcm {
  return new NativeAes256Gcm()
}

function bytesOf (data: ArrayBufferLike | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

function plainBuffer (parts: Uint8Array[]): ArrayBuffer {
  const joined = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.byteLength
  }
  return joined.buffer
}
