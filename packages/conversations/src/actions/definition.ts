import type { CID, HybridTime, ParleyError, Schema } from '@parley/core'
import type { Did } from '@parley/identity'
import type { AccessChange } from '../format/access-change.ts'
import type { LogRows } from '../log/log-rows.ts'
import type { Member } from '../log/access-view.ts'
import type { Content, Permission } from './content.ts'
import type { Draft } from './draft.ts'
import type { Refusal } from './refusal.ts'

/** Who acts, when, and in which conversation. */
export interface ActionContext {
  person: Did
  /** `keyName` of the person's key. */
  personName: string
  device: Did
  time: HybridTime
  /** What its author may do, as far as they had seen. */
  permission: Permission
  /** Who was in, as far as its author had seen, by `keyName`. */
  members: ReadonlyMap<string, Member>
  creator: Did
  /** The salted hash of the first subject. */
  subjectHash: Uint8Array
  /** Whether the log is a home log. */
  isHome: boolean
  /** Whether the log is a guest log. @default false */
  isGuest?: boolean | undefined
  /** The action itself; undefined while it is not written. */
  action: CID | undefined
  /** Its row; undefined while it is not written: it comes after all others. */
  row: number | undefined
  rows: Pick<LogRows, 'find' | 'compare'>
}

/** The context of an action that is in the log. */
export interface AppliedContext extends ActionContext {
  action: CID
  row: number
}

/** One kind of content: its shape, its rule and its effect. One file each. */
export interface ActionDefinition<C extends Content = Content> {
  readonly verb: C['verb']
  readonly thing: C['thing']
  /** Whether it belongs in a home log, and nowhere else; all others have no effect there. @default false */
  readonly isForHome?: boolean
  /** Whether it has an effect in a guest log too, or there alone. @default in none */
  readonly inGuestLogs?: 'also' | 'only'
  /** Whether its action begins an epoch of keys. @default false */
  readonly beginsEpoch?: boolean
  /** Checks the content as it is sealed: with `v: 1`. */
  readonly schema: Schema<C & { v: 1 }>
  /** Returns what the action must say in clear about who may hold the log. */
  access?(content: C): AccessChange | undefined
  /** Returns the blocks that belong to it. */
  links?(content: C): CID[]
  /** Says why it has no effect, or returns undefined where it is allowed. Participation is checked already. */
  forbids(draft: Draft, context: ActionContext, content: C): Refusal | undefined
  /** Says why its author should not write it now, though it would have an effect were it in the log: as where it would lose. */
  warns?(draft: Draft, context: ActionContext, content: C): ParleyError | undefined
  /** Applies it to the draft. */
  reduce(draft: Draft, context: AppliedContext, content: C): void
}

/** Checks one definition by itself; the list of all needs them alike. */
export function define<C extends Content> (definition: ActionDefinition<C>): ActionDefinition {
  return definition
}
