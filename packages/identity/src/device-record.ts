import { bytesSchema, countSchema } from '@parley/core'
import * as z from 'zod/mini'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { compareText, isAscending, textSchema, wordSchema } from './text.ts'
import { isLowOrder } from './x25519.ts'

/**
 * What a device may do: `endpoint` speaks as the person, `proxy` receives,
 * captures and stores for them, `listener` may hold conversation keys, `admin`
 * is trusted to ask for changes of the device list.
 */
export type Role = 'endpoint' | 'proxy' | 'listener' | 'admin'

/** Every role, in the order in which they are written. */
export const ROLES: readonly Role[] = ['admin', 'endpoint', 'listener', 'proxy']

/** One device of a person. Times are milliseconds since 1970. */
export interface DeviceRecord {
  device: Did
  /** X25519 public key to which is sealed, 32 bytes. */
  sealing: Uint8Array
  name: string
  platform: string
  roles: Role[]
  capabilities: string[]
  added: number
  /** From then on the device has no role any more. */
  expires?: number
  /** From then on the device has no role any more; never taken back. */
  revoked?: number
}

/** Checks a public key to which can be sealed. */
export const sealingKeySchema: z.ZodMiniType<Uint8Array<ArrayBuffer>> = bytesSchema({ exactBytes: KEY_BYTES }).check(
  z.refine(key => !isLowOrder(key), 'expected a key to which can be sealed')
)

/** Checks the name of a device. */
export const deviceNameSchema: z.ZodMiniType<string> = textSchema({ min: 1, max: 64 })

const record = z.strictObject({
  device: bytesSchema({ exactBytes: KEY_BYTES }),
  sealing: sealingKeySchema,
  name: deviceNameSchema,
  platform: wordSchema,
  roles: z.array(z.enum(['admin', 'endpoint', 'listener', 'proxy'])).check(
    z.minLength(1),
    z.refine(roles => isAscending(roles, compareText), 'expected roles in order, none twice')
  ),
  capabilities: z.array(wordSchema).check(
    z.maxLength(32),
    z.refine(words => isAscending(words, compareText), 'expected capabilities in order, none twice')
  ),
  added: countSchema(),
  expires: z.optional(countSchema()),
  revoked: z.optional(countSchema())
})

/** A device record as it is encoded. */
export type WireRecord = z.infer<typeof record>

/** Checks one encoded device record. */
export const wireRecordSchema: z.ZodMiniType<WireRecord> = record

/** Returns the encoded form, its lists in order. */
export function toWireRecord (device: DeviceRecord): WireRecord {
  return {
    device: publicKeyFromDid(device.device),
    sealing: device.sealing.slice(),
    name: device.name,
    platform: device.platform,
    roles: [...new Set(device.roles)].sort(compareText),
    capabilities: [...new Set(device.capabilities)].sort(compareText),
    added: device.added,
    ...(device.expires === undefined ? {} : { expires: device.expires }),
    ...(device.revoked === undefined ? {} : { revoked: device.revoked })
  }
}

/** Returns what an encoded record says. */
export function fromWireRecord (wire: WireRecord): DeviceRecord {
  return { ...wire, device: didFromPublicKey(wire.device) }
}
