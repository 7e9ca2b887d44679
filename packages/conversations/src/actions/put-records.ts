import * as z from 'zod/mini'
import type { HomeRecord, PutRecords } from './content.ts'
import { define } from './definition.ts'
import { recordSchema } from './record-schema.ts'

/** Keeps several records at once, each of them once. Without any it only hands on the keys of its action. */
export const putRecords = define<PutRecords>({
  verb: 'put',
  thing: 'records',
  isForHome: true,
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('put'),
    thing: z.literal('records'),
    records: z.array(recordSchema).check(z.refine(namesNoneTwice, 'expected no record twice'))
  }),
  forbids: () => undefined,
  reduce () {}
})

function namesNoneTwice (records: HomeRecord[]): boolean {
  // A collection's name has no slash, so two records never share a name.
  return new Set(records.map(({ collection, key }) => `${collection}/${key}`)).size === records.length
}
