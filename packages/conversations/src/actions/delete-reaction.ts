import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { MAX_REACTION_CHARS } from '../format/limits.ts'
import type { Message } from '../types.ts'
import { idSchema, textSchema, type DeleteReaction } from './content.ts'
import { define } from './definition.ts'
import { missing } from './refusal.ts'

/** Takes back a reaction of one's own. */
export const deleteReaction = define<DeleteReaction>({
  verb: 'delete',
  thing: 'reaction',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('delete'), thing: z.literal('reaction'), message: idSchema, reaction: textSchema(MAX_REACTION_CHARS, 1) }),
  forbids (draft, { person }, { message, reaction }) {
    const known = draft.messages.get(hex(message))
    if (known === undefined) return missing('message', hex(message))
    return peopleOf(known, reaction).includes(person) ? undefined : missing('reaction', reaction)
  },
  reduce (draft, { person }, { message, reaction }) {
    const known = draft.messages.get(hex(message))
    if (known === undefined) return
    const people = peopleOf(known, reaction).filter(did => did !== person)
    const { [reaction]: _gone, ...others } = known.reactions
    draft.messages.set(known.id, { ...known, reactions: people.length === 0 ? others : { ...others, [reaction]: people } })
  }
})

function peopleOf ({ reactions }: Message, reaction: string): readonly string[] {
  return Object.hasOwn(reactions, reaction) ? reactions[reaction] ?? [] : []
}
