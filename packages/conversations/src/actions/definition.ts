import type { CID, HybridTime, Schema } from '@parley/core'
import type { Did } from '@parley/identity'
import type { AccessChange } from '../format/parse-action.ts'
import type { Message, Participant } from '../types.ts'
import type { Content } from './content.ts'

/** A conversation's state while actions are applied to it. Messages are replaced, never changed: checkpoints share them. */
export interface Draft {
  subject: string | undefined
  participants: Map<Did, Participant>
  messages: Map<string, Message>
}

/** Who acts, when, and in which conversation. */
export interface ActionContext {
  person: Did
  device: Did
  time: HybridTime
  creator: Did
  /** The salted hash of the first subject. */
  subjectHash: Uint8Array
  /** Whether the log is a home log. */
  isHome: boolean
}

/** One kind of content: its shape, its rule and its effect. One file each. */
export interface ActionDefinition<C extends Content = Content> {
  readonly verb: C['verb']
  readonly thing: C['thing']
  /** Whether it belongs in a home log, and nowhere else; all others have no effect there. @default false */
  readonly isForHome?: boolean
  /** Checks the content as it is sealed: with `v: 1`. */
  readonly schema: Schema<C & { v: 1 }>
  /** Returns what the action must say in clear about who may hold the log. */
  access?(content: C): AccessChange
  /** Returns the blocks that belong to it. */
  links?(content: C): CID[]
  /** Says why it has no effect, or returns undefined where it is allowed. Participation is checked already. */
  forbids(draft: Draft, context: ActionContext, content: C): string | undefined
  /** Applies it to the draft. */
  reduce(draft: Draft, context: ActionContext, content: C): void
}

/** Checks one definition by itself; the list of all needs them alike. */
export function define<C extends Content> (definition: ActionDefinition<C>): ActionDefinition {
  return definition
}
