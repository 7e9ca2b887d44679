import { bytesSchema } from '@parley/core'
import * as z from 'zod/mini'
import { KEY_BYTES, type Did } from './did.ts'
import { compareText, isAscending, textSchema, wordSchema } from './text.ts'
import { isLowOrder } from './x25519.ts'

/**
 * What a device may do: `endpoint` speaks as the person, `proxy` receives,
 * captures and stores for them, `listener` may hold conversation keys, `admin`
 * may change the device list.
 */
export type Role = 'endpoint' | 'proxy' | 'listener' | 'admin'

/** Every role, in the order in which they are written. */
export const ROLES: readonly Role[] = ['admin', 'endpoint', 'listener', 'proxy']

/** One device of a person. Times are milliseconds since 1970. */
export interface DeviceRecord {
  device: Did
  /** X25519 public key to which is sealed, 32 bytes. */
  sealing: Uint8Array
  /** Empty, like `platform`, once the device was erased. */
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

/** Checks the roles of a device: at least one, in order, none twice. */
export const rolesSchema: z.ZodMiniType<Role[]> = z.array(z.enum(['admin', 'endpoint', 'listener', 'proxy'])).check(
  z.minLength(1),
  z.refine(roles => isAscending(roles, compareText), 'expected roles in order, none twice')
)

/** Checks what a device can do: at most 32 words, in order, none twice. */
export const capabilitiesSchema: z.ZodMiniType<string[]> = z.array(wordSchema).check(
  z.maxLength(32),
  z.refine(words => isAscending(words, compareText), 'expected capabilities in order, none twice')
)
