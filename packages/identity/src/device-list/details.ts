import { createCodec, sha256 } from '@parley/core'
import { concat } from 'uint8arrays'
import * as z from 'zod/mini'
import { capabilitiesSchema, deviceNameSchema } from '../device-record.ts'
import { byteKey } from '../byte-key.ts'
import { wordSchema } from '../text.ts'

/** What people read about a device, and what is forgotten when it is erased. */
export interface DeviceDetails {
  name: string
  platform: string
  capabilities: string[]
}

export const SALT_BYTES = 16
/** One entry is never larger. */
export const MAX_DETAILS_BYTES = 4096

const codec = createCodec('device details', z.strictObject({
  name: deviceNameSchema,
  platform: wordSchema,
  capabilities: capabilitiesSchema
}), { maxBytes: MAX_DETAILS_BYTES - SALT_BYTES })

/** Returns an entry, salt and details, as it lies beside the changes. Without the salt, whoever kept the hash could guess what was erased. */
export function encodeDetails ({ name, platform, capabilities }: DeviceDetails, salt: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(concat([salt, codec.encode({ name, platform, capabilities })]))
}

/** @throws {InvalidBytesError | OversizedBytesError} */
export function decodeDetails (entry: Uint8Array): DeviceDetails {
  return codec.decode(entry.subarray(SALT_BYTES))
}

/** Returns what a change says of an entry. */
export function detailsHash (entry: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(sha256(entry))
}

/** Returns the key by which entries are found: their hash. */
export function detailsKey (entry: Uint8Array): string {
  return byteKey(detailsHash(entry))
}
