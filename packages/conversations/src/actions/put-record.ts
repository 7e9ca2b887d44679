import * as z from 'zod/mini'
import type { PutRecord } from './content.ts'
import { define } from './definition.ts'
import { recordShape } from './record-schema.ts'

/** Keeps one record of the person, or deletes it. Records are no part of a conversation's state: the home's index has them. */
export const putRecord = define<PutRecord>({
  verb: 'put',
  thing: 'record',
  isForHome: true,
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('put'), thing: z.literal('record'), ...recordShape }),
  forbids: () => undefined,
  reduce () {}
})
