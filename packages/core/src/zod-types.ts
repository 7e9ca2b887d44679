import { CID } from 'multiformats/cid'
import * as z from 'zod/mini'

/** Checks that a value is bytes of at most `maxBytes`, or of exactly `exactBytes`. */
export function bytesSchema ({ maxBytes, exactBytes }: { maxBytes: number, exactBytes?: undefined } | { maxBytes?: undefined, exactBytes: number }): z.ZodMiniType<Uint8Array<ArrayBuffer>> {
  return z.custom<Uint8Array<ArrayBuffer>>(
    value => value instanceof Uint8Array && (exactBytes === undefined ? value.byteLength <= maxBytes : value.byteLength === exactBytes),
    exactBytes === undefined ? `expected at most ${maxBytes} bytes` : `expected exactly ${exactBytes} bytes`
  )
}

/** Checks that a value is a CID. */
export const cidSchema: z.ZodMiniType<CID> = z.custom<CID>(value => CID.asCID(value) !== null, 'expected a CID')

/** Checks a whole number from 0 to `max`, at most 2^53 - 1. */
export function countSchema (max: number = Number.MAX_SAFE_INTEGER): z.ZodMiniType<number> {
  return z.custom<number>(value => Number.isSafeInteger(value) && value >= 0 && value <= max, `expected a whole number from 0 to ${max}`)
}
