import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { MAX_REACTIONS, MAX_REACTION_CHARS } from '../format/limits.ts'
import { idSchema, textSchema, type AddReaction } from './content.ts'
import { define } from './definition.ts'
import { missing } from './refusal.ts'

/** Reacts to a message, with an emoji or a word. */
export const addReaction = define<AddReaction>({
  verb: 'add',
  thing: 'reaction',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('add'), thing: z.literal('reaction'), message: idSchema, reaction: textSchema(MAX_REACTION_CHARS, 1) }),
  forbids (draft, { person }, { message, reaction }) {
    const known = draft.messages.get(hex(message))
    if (known === undefined) return missing('message', hex(message))
    const own = Object.entries(known.reactions).filter(([name, people]) => name !== reaction && people.includes(person))
    return own.length >= MAX_REACTIONS ? { reason: `its author has ${MAX_REACTIONS} reactions to this message` } : undefined
  },
  reduce (draft, { person }, { message, reaction }) {
    const known = draft.messages.get(hex(message))
    // A name such as `constructor` is nobody's reaction.
    const people = known !== undefined && Object.hasOwn(known.reactions, reaction) ? known.reactions[reaction] ?? [] : []
    if (known === undefined || people.includes(person)) return
    draft.messages.set(known.id, { ...known, reactions: { ...known.reactions, [reaction]: [...people, person] } })
  }
})
