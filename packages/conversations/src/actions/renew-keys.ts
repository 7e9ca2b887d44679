import * as z from 'zod/mini'
import type { RenewKeys } from './content.ts'
import { define } from './definition.ts'
import { lacks } from './permission.ts'
import { forbidden } from './refusal.ts'

/** Begins a new epoch of keys, and says nothing. */
export const renewKeys = define<RenewKeys>({
  verb: 'renew',
  thing: 'keys',
  inGuestLogs: 'also',
  beginsEpoch: true,
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('renew'), thing: z.literal('keys') }),
  forbids: (_draft, { permission }) => forbidden(lacks(permission, 'write')),
  reduce () {}
})
