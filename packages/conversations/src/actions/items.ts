import type { CID, ParleyError } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import { LockedError, StaleEditError } from '../errors.ts'
import { hex } from '../format/hex.ts'
import { keyName } from '../format/key-name.ts'
import type { Extra, ItemName, Message } from '../types.ts'
import type { ActionContext, AppliedContext } from './definition.ts'
import type { Draft, ExtraItem, MessageItem, Quotes } from './draft.ts'
import { beginItem, liveLock, lockAgainst, type Edited, type Editor, type Item, type Seen } from './editing.ts'
import { lacks } from './permission.ts'
import { forbidden, missing, type Refusal } from './refusal.ts'

const nameOf = ({ multihash }: CID): string => keyName(multihash.digest)

/** Returns who acts as the editor of an item. */
export function editorOf (context: AppliedContext): Editor {
  return { ...viewerOf(context), device: context.device, action: context.action }
}

function viewerOf ({ person, time, members }: ActionContext): Pick<Editor, 'at' | 'by' | 'isIn'> {
  return { by: person, at: time.wallMs, isIn: did => members.has(keyName(publicKeyFromDid(did))) }
}

/**
 * Returns the name under which something new is kept, or undefined when its
 * author has used these 16 bytes before. Somebody else who used them takes
 * nothing away: the later one of both is kept beside, with the DID in its name.
 */
export function newId (items: { get(id: string): { author: Did } | undefined, has(id: string): boolean }, bytes: Uint8Array, person: Did): string | undefined {
  const id = hex(bytes)
  const known = items.get(id)
  if (known === undefined) return id
  const own = `${id} ${person}`
  return known.author === person || items.has(own) ? undefined : own
}

/** Finds the item with these 16 bytes: of several people's the one that `follows` is a version of, else the first. */
export function findItem<T> (draft: Draft, thing: 'message' | 'extra', items: ReadonlyMap<string, T>, bytes: Uint8Array, follows?: CID): T | undefined {
  const id = hex(bytes)
  const followed = follows === undefined ? undefined : draft.versions.get(nameOf(follows))
  return items.get(typeof followed === 'string' && followed.startsWith(`${thing} ${id}`) ? followed.slice(thing.length + 1) : id)
}

/** Finds what somebody themselves added with these 16 bytes, or else what another did. */
export function findOwn<T extends { author: Did }> (items: ReadonlyMap<string, T>, bytes: Uint8Array, person: Did): T | undefined {
  const id = hex(bytes)
  const first = items.get(id)
  return first === undefined || first.author === person ? first : items.get(`${id} ${person}`) ?? first
}

/** Remembers that an action made a version of an item. */
export function addVersion (draft: Draft, item: string, version: CID): void {
  draft.versions.set(nameOf(version), item)
}

/** Remembers that an action quotes a version of an item, or one that is not the newest. */
export function addQuote (draft: Draft, item: keyof Quotes, action: CID, version: CID | undefined): void {
  const known = draft.versions.get(nameOf(action))
  draft.versions.set(nameOf(action), { ...(typeof known === 'object' ? known : {}), [item]: version ?? null })
}

/** Tells which version of an item `follows` is; undefined when it is none. */
export function seenOf (draft: Draft, item: string, { version }: { version: CID }, follows: CID): Seen | undefined {
  if (follows.equals(version)) return 'newest'
  const known = draft.versions.get(nameOf(follows))
  if (typeof known === 'string' || known === undefined) return known === item ? 'older' : undefined
  const quoted = item === 'subject' || item === 'expiry' ? known[item] : undefined
  if (quoted === undefined) return undefined
  return quoted?.equals(version) === true ? 'newest' : 'older'
}

/** Refuses to change what its author cannot have seen. */
export function unknownVersion (thing: string, version: CID | null): Refusal {
  return { reason: `what it follows is no version of the ${thing}`, error: () => new StaleEditError(version) }
}

/** Warns whoever is about to lose: to a lock, or to a version that they did not see. */
export function warnOfLoss (item: Pick<Item<unknown>, 'lock' | 'version'>, context: ActionContext, seen: Seen | undefined): ParleyError | undefined {
  const lock = lockAgainst(item, viewerOf(context))
  if (lock !== undefined) return new LockedError(lock)
  return seen === 'newest' ? undefined : new StaleEditError(item.version)
}

/** Says why somebody cannot end the lock that `lock` took, or returns undefined where they can. */
export function noRelease (item: Pick<Item<unknown>, 'lock'> | undefined, context: ActionContext, lock: CID): Refusal | undefined {
  const held = item === undefined ? undefined : liveLock(item, viewerOf(context))
  if (held?.action.equals(lock) !== true) return missing('lock', lock.toString())
  return held.by === context.person ? undefined : forbidden(lacks(context.permission, 'full'))
}

/** Notes what lost. */
export function tell (draft: Draft, item: ItemName, { loss }: Edited<unknown>): void {
  if (loss !== undefined) draft.told.push({ item, ...loss })
}

/** Returns a message as what is edited. */
export function messageItem (draft: Draft, { id, version, author, time, body, format }: Message): MessageItem {
  return draft.messageItems.get(id) ?? beginItem({ action: version, by: author, at: time.wallMs, value: { ...(body === undefined ? {} : { body }), format } })
}

/** Keeps what became of a message. */
export function putMessage (draft: Draft, message: Message, edited: Edited<MessageItem['current']['value']>): void {
  const { id } = message
  const { item } = edited
  if (!draft.messageItems.has(id)) addVersion(draft, `message ${id}`, message.version)
  draft.messageItems.set(id, item)
  const { body: _body, editedAt: _at, deleted: _deleted, lock: _lock, ...fixed } = message
  const { version, editors, conflicts, current: { value } } = item
  draft.messages.set(id, { ...fixed, ...value, version, editors, conflicts, ...changeable(item) })
  tell(draft, { thing: 'message', id }, edited)
}

/** Returns an extra as what is edited. */
export function extraItem (draft: Draft, { id, version, author, time, text = '', data = {} }: Extra): ExtraItem {
  return draft.extraItems.get(id) ?? beginItem({ action: version, by: author, at: time.wallMs, value: { text, data } })
}

/** Keeps what became of an extra. */
export function putExtra (draft: Draft, extra: Extra, edited: Edited<ExtraItem['current']['value']>): void {
  const { id } = extra
  const { item } = edited
  if (!draft.extraItems.has(id)) addVersion(draft, `extra ${id}`, extra.version)
  draft.extraItems.set(id, item)
  const { editedAt: _at, deleted: _deleted, ...fixed } = extra
  const { version, editors, conflicts, current: { value } } = item
  const { lock: _none, ...changed } = changeable(item)
  draft.extras.set(id, { ...fixed, ...value, version, editors, conflicts, ...changed })
  tell(draft, { thing: 'extra', id }, edited)
}

function changeable ({ editedAt, deleted, lock }: Item<unknown>): Partial<Pick<Item<unknown>, 'editedAt' | 'deleted' | 'lock'>> {
  return { ...(editedAt === undefined ? {} : { editedAt }), ...(deleted === undefined ? {} : { deleted }), ...(lock === undefined ? {} : { lock }) }
}
