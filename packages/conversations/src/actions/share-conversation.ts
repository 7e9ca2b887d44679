import { countSchema } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { COUNT_LIMIT } from '../format/limits.ts'
import { keySchema, linkSchema, type ShareConversation } from './content.ts'
import { define } from './definition.ts'
import { forbidden } from './refusal.ts'

/** Keys of one action; the most of which it is sure that they fit. */
const MAX_SHARED_KEYS = 1000

/** Hands keys of a conversation to those in a guest log, and names it in clear for whoever holds that log without keys. */
export const shareConversation = define<ShareConversation>({
  verb: 'share',
  thing: 'conversation',
  inGuestLogs: 'only',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('share'),
    thing: z.literal('conversation'),
    conversation: linkSchema,
    since: countSchema(COUNT_LIMIT - 1),
    keys: z.array(z.strictObject({ epoch: countSchema(COUNT_LIMIT - 1), key: keySchema })).check(
      z.refine(keys => keys.length <= MAX_SHARED_KEYS, `expected at most ${MAX_SHARED_KEYS} keys`),
      z.refine(isAscending, 'expected keys by epoch and bytes, none twice')
    )
  }),
  links: ({ conversation }) => [conversation],
  forbids: (_draft, { person, creator }) => forbidden(person === creator ? undefined : 'only whoever made a guest log shares by it'),
  reduce () {}
})

function isAscending (keys: ShareConversation['keys']): boolean {
  return keys.every(({ epoch, key }, index) => {
    const before = keys[index - 1]
    return before === undefined || before.epoch < epoch || (before.epoch === epoch && compare(before.key, key) < 0)
  })
}
