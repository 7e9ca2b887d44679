import { bytesSchema, countSchema, createCodec, type Store } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import { verifyCaptureRecord, type CaptureNotice } from '@parley/voice'
import { toString } from 'uint8arrays'
import * as z from 'zod/mini'

/** What a proxy of ours told us of a message it keeps, and how much of it is on this device. */
export interface KnownCapture {
  notice: CaptureNotice
  /** Milliseconds of it that this device has. */
  heldMs: number
}

/** The captures that our proxies told this device of. */
export interface Captures {
  /** Takes a proxy's signed word. @throws {InvalidSignatureError | InvalidBytesError} */
  learn(keeper: Did, bytes: Uint8Array): Promise<CaptureNotice>
  /** Notes how much of a message this device has. */
  held(voice: Uint8Array, heldMs: number): Promise<void>
  get(voice: Uint8Array): KnownCapture | undefined
}

const PREFIX = '/parley/captures/'

const codec = createCodec('known capture', z.strictObject({
  v: z.literal(1),
  keeper: bytesSchema({ exactBytes: 32 }),
  notice: bytesSchema({ maxBytes: 8192 }),
  heldMs: countSchema()
}), { maxBytes: 9000 })

export async function openCaptures (store: Store): Promise<Captures> {
  const known = new Map<string, KnownCapture & { bytes: Uint8Array }>()
  for await (const { value } of store.entries(PREFIX)) {
    const { keeper, notice: bytes, heldMs } = codec.decode(value)
    const notice = await verifyCaptureRecord(didFromPublicKey(keeper), bytes)
    known.set(toString(notice.voice, 'hex'), { notice, heldMs, bytes })
  }
  const keep = async (entry: KnownCapture & { bytes: Uint8Array }): Promise<void> => {
    const name = toString(entry.notice.voice, 'hex')
    known.set(name, entry)
    await store.commit([{
      type: 'put',
      key: `${PREFIX}${name}`,
      value: codec.encode({ v: 1, keeper: new Uint8Array(publicKeyFromDid(entry.notice.keeper)), notice: new Uint8Array(entry.bytes), heldMs: entry.heldMs })
    }])
  }
  return {
    async learn (keeper, bytes) {
      const notice = await verifyCaptureRecord(keeper, bytes)
      const before = known.get(toString(notice.voice, 'hex'))
      // A proxy that repeats an older word must not reopen what has ended.
      if (before !== undefined && before.notice.state !== 'recording' && notice.state === 'recording') return before.notice
      await keep({ notice, bytes, heldMs: before?.heldMs ?? 0 })
      return notice
    },
    async held (voice, heldMs) {
      const before = known.get(toString(voice, 'hex'))
      if (before !== undefined) await keep({ ...before, heldMs: Math.round(heldMs) })
    },
    get: voice => known.get(toString(voice, 'hex'))
  }
}
