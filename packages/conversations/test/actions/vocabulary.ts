import { RAW, cidOf, type CID } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import type { AttachedFile, Content, Permission } from '../../src/index.ts'
import { SALT, bytes16 } from './paper-log.ts'

// The table of docs/specs/0003-action.md, § Contents, in data. Nothing here is taken from the code.

export const PERMISSIONS = ['none', 'read', 'comment', 'write', 'full', 'creator'] as const
export const SITUATIONS = ['unpublished', 'open', 'locked by oneself', 'locked by another', 'lock run out', 'item missing', 'item deleted', 'expired'] as const
export const OWNERS = ['own', 'another’s'] as const

export type Standing = typeof PERMISSIONS[number]
export type Situation = typeof SITUATIONS[number]
export type Owner = typeof OWNERS[number]

/** What a case is about: the ids and versions that its content names. */
export interface Facts { message: CID, extra: CID, subject: CID, expiry: CID | null, lock: CID, seen: CID, self: Did, other: Did, stranger: Did }

export interface Row {
  kind: string
  /** What it is about, where that may be missing, deleted or locked. */
  item?: 'message' | 'extra' | 'subject' | 'parent'
  /** The least permission, for others' items and for one's own; `author` where others need `full`. */
  needs: { own: Permission | 'creator' | 'nobody', other: Permission | 'creator' | 'nobody' }
  /** Whether a lock of somebody else is in its way. */
  locks?: boolean
  /** Whether a deleted item refuses it. @default false */
  isGoneWhenDeleted?: boolean
  /** Whether it needs a deleted item. */
  needsDeleted?: boolean
  /** Whether it ends a lock. */
  releases?: boolean
  content(facts: Facts): Content
}

const any = (permission: Permission | 'creator' | 'nobody'): Row['needs'] => ({ own: permission, other: permission })

export const FILE: AttachedFile = { attachment: bytes16(9), name: 'a.txt', mediaType: 'text/plain', sizeBytes: 1, root: cidOf(new Uint8Array(1), RAW), key: new Uint8Array(32), sha256: new Uint8Array(32) }
const NOTHING = { manifest: null, durationMs: 0, segments: 0, cutOff: true }

export const TABLE: Row[] = [
  { kind: 'publish conversation', needs: any('creator'), content: () => ({ verb: 'publish', thing: 'conversation', subject: 'Dinner', salt: SALT }) },
  { kind: 'add participant', needs: any('write'), content: ({ stranger }) => ({ verb: 'add', thing: 'participant', person: publicKeyFromDid(stranger), permission: 'read', history: 'all' }) },
  { kind: 'modify participant (permission)', needs: any('full'), content: ({ other }) => ({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(other), permission: 'read' }) },
  { kind: 'modify participant (own name)', needs: any('read'), content: ({ self }) => ({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(self), name: 'Me' }) },
  { kind: 'modify participant (name)', needs: any('full'), content: ({ other }) => ({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(other), name: 'You' }) },
  { kind: 'delete participant (oneself)', needs: any('read'), content: ({ self }) => ({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(self) }) },
  { kind: 'delete participant', needs: any('full'), content: ({ other }) => ({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(other) }) },
  { kind: 'modify subject', item: 'subject', needs: any('write'), locks: true, content: ({ subject }) => ({ verb: 'modify', thing: 'subject', subject: 'Lunch', follows: subject }) },
  { kind: 'modify subject, release', item: 'subject', needs: any('write'), locks: true, content: ({ subject }) => ({ verb: 'modify', thing: 'subject', subject: 'Lunch', follows: subject, release: true }) },
  { kind: 'lock subject', item: 'subject', needs: any('write'), locks: true, content: ({ subject }) => ({ verb: 'lock', thing: 'subject', follows: subject }) },
  { kind: 'release subject', item: 'subject', needs: any('read'), releases: true, content: ({ lock }) => ({ verb: 'release', thing: 'subject', lock }) },
  { kind: 'modify expiry', needs: any('full'), content: ({ expiry }) => ({ verb: 'modify', thing: 'expiry', expiresAt: 2_000_000_000_000, follows: expiry }) },
  { kind: 'add message', needs: any('write'), content: () => ({ verb: 'add', thing: 'message', message: bytes16(100), body: 'new' }) },
  { kind: 'add message (comment)', item: 'parent', needs: any('comment'), content: () => ({ verb: 'add', thing: 'message', message: bytes16(100), body: 'new', parent: bytes16(1), part: { from: 0, to: 3 } }) },
  { kind: 'modify message', item: 'message', needs: { own: 'comment', other: 'write' }, locks: true, isGoneWhenDeleted: true, content: ({ message }) => ({ verb: 'modify', thing: 'message', message: bytes16(1), body: 'other', format: 'markdown', follows: message }) },
  { kind: 'modify message, release', item: 'message', needs: { own: 'comment', other: 'write' }, locks: true, isGoneWhenDeleted: true, content: ({ message }) => ({ verb: 'modify', thing: 'message', message: bytes16(1), body: 'other', follows: message, release: true }) },
  { kind: 'delete message', item: 'message', needs: { own: 'read', other: 'full' }, locks: true, isGoneWhenDeleted: true, content: ({ message }) => ({ verb: 'delete', thing: 'message', message: bytes16(1), follows: message }) },
  { kind: 'recover message', item: 'message', needs: { own: 'read', other: 'full' }, needsDeleted: true, content: ({ message }) => ({ verb: 'recover', thing: 'message', message: bytes16(1), follows: message }) },
  { kind: 'lock message', item: 'message', needs: { own: 'comment', other: 'write' }, locks: true, isGoneWhenDeleted: true, content: ({ message }) => ({ verb: 'lock', thing: 'message', message: bytes16(1), follows: message }) },
  { kind: 'release message', item: 'message', needs: any('read'), releases: true, content: ({ lock }) => ({ verb: 'release', thing: 'message', message: bytes16(1), lock }) },
  { kind: 'add attachment (voice)', item: 'message', needs: { own: 'read', other: 'nobody' }, content: () => ({ verb: 'add', thing: 'attachment', message: bytes16(1), voice: bytes16(7), ...NOTHING }) },
  { kind: 'add attachment (file)', item: 'message', needs: { own: 'comment', other: 'nobody' }, content: () => ({ verb: 'add', thing: 'attachment', message: bytes16(1), file: FILE }) },
  { kind: 'delete attachment', item: 'message', needs: { own: 'read', other: 'full' }, content: () => ({ verb: 'delete', thing: 'attachment', message: bytes16(1), attachment: bytes16(8) }) },
  { kind: 'add label', needs: any('write'), content: () => ({ verb: 'add', thing: 'label', label: 'new' }) },
  { kind: 'delete label', needs: any('write'), content: () => ({ verb: 'delete', thing: 'label', label: 'old' }) },
  { kind: 'add reaction', item: 'message', needs: any('read'), content: () => ({ verb: 'add', thing: 'reaction', message: bytes16(1), reaction: '👍' }) },
  { kind: 'delete reaction', item: 'message', needs: any('read'), content: () => ({ verb: 'delete', thing: 'reaction', message: bytes16(1), reaction: '👎' }) },
  { kind: 'add extra', needs: any('write'), content: () => ({ verb: 'add', thing: 'extra', extra: bytes16(101), kind: 'hologram', text: 'a hologram', data: { any: 1 } }) },
  { kind: 'add extra (of a known kind)', needs: any('write'), content: () => ({ verb: 'add', thing: 'extra', extra: bytes16(101), kind: 'location', text: 'here', data: { latitude: 52.5, longitude: 13.4 } }) },
  { kind: 'modify extra', item: 'extra', needs: { own: 'read', other: 'full' }, isGoneWhenDeleted: true, content: ({ extra }) => ({ verb: 'modify', thing: 'extra', extra: bytes16(2), text: 'later', data: { title: 'Dinner', startsAt: 2 }, follows: extra }) },
  { kind: 'delete extra', item: 'extra', needs: { own: 'read', other: 'full' }, isGoneWhenDeleted: true, content: ({ extra }) => ({ verb: 'delete', thing: 'extra', extra: bytes16(2), follows: extra }) },
  { kind: 'add response', item: 'extra', needs: any('read'), isGoneWhenDeleted: true, content: () => ({ verb: 'add', thing: 'response', extra: bytes16(2), answer: 'maybe' }) },
  { kind: 'seen action', needs: any('read'), content: ({ seen }) => ({ verb: 'seen', thing: 'action', action: seen }) },
  { kind: 'played message', item: 'message', needs: any('read'), content: () => ({ verb: 'played', thing: 'message', message: bytes16(1), positionMs: 10, done: true }) },
  { kind: 'add call', needs: any('write'), content: ({ self }) => ({ verb: 'add', thing: 'call', call: bytes16(102), kinds: ['audio'], startedAt: 1, durationMs: 2, outcome: 'answered', participants: [publicKeyFromDid(self)], missed: [] }) },
  { kind: 'add call (of others)', needs: any('nobody'), content: ({ other }) => ({ verb: 'add', thing: 'call', call: bytes16(102), kinds: ['audio'], startedAt: 1, durationMs: 2, outcome: 'answered', participants: [publicKeyFromDid(other)], missed: [] }) },
  { kind: 'renew keys', needs: any('write'), content: () => ({ verb: 'renew', thing: 'keys' }) },
  { kind: 'share conversation', needs: any('nobody'), content: ({ seen }) => ({ verb: 'share', thing: 'conversation', conversation: seen, since: 0, keys: [{ epoch: 0, key: new Uint8Array(32).fill(7) }] }) },
  { kind: 'put record', needs: any('nobody'), content: () => ({ verb: 'put', thing: 'record', collection: 'a', key: 'b', value: null }) },
  { kind: 'put records', needs: any('nobody'), content: () => ({ verb: 'put', thing: 'records', records: [] }) }
]

/** What is to come of a case: in a log that a stranger wrote it into, and for whoever is about to write it. */
export interface Verdict { fold: 'effect' | 'conflict' | 'nothing', append: string | undefined }

const RANK: Record<Standing, number> = { none: -1, read: 0, comment: 1, write: 2, full: 3, creator: 4 }
const EFFECT: Verdict = { fold: 'effect', append: undefined }
const nothing = (append: string): Verdict => ({ fold: 'nothing', append })

/** Says what the specification says of a case. */
export function verdictOf (row: Row, standing: Standing, situation: Situation, owner: Owner): Verdict {
  if (standing === 'none') return nothing('NotAParticipantError')
  if (row.kind.startsWith('put ') || row.kind === 'share conversation') return nothing('NotPermittedError')
  if (situation === 'expired') return nothing('ConversationExpiredError')
  if (row.kind === 'publish conversation') return standing === 'creator' && situation === 'unpublished' ? EFFECT : nothing('NotPermittedError')
  const isMissing = situation === 'item missing' && row.item !== undefined && row.item !== 'subject'
  const needs = owner === 'own' ? row.needs.own : row.needs.other
  const isPermitted = needs !== 'nobody' && RANK[standing] >= RANK[needs]
  if (row.releases === true) return release(standing, situation)
  if (isMissing) return missing(row, standing)
  if (!isPermitted) return nothing('NotPermittedError')
  if (row.item === 'subject' && situation === 'unpublished') return nothing('NoSuchItemError')
  if (situation === 'item deleted' && row.item !== undefined) {
    if (row.isGoneWhenDeleted === true) return nothing('NoSuchItemError')
    // It counts for those who could not know, and nobody begins it.
    if (row.item === 'parent') return { fold: 'effect', append: 'NoSuchItemError' }
  }
  if (row.needsDeleted === true && situation !== 'item deleted') return nothing('NotPermittedError')
  if (row.locks === true && situation === 'locked by another') return { fold: 'conflict', append: 'LockedError' }
  return EFFECT
}

/** The permission is asked first where it does not depend on whose the item is. */
function missing (row: Row, standing: Standing): Verdict {
  const isSame = row.needs.own === row.needs.other
  const least = row.needs.own
  if (row.kind === 'add attachment (voice)') return nothing('NotPermittedError')
  if ((isSame || row.kind.startsWith('modify message') || row.kind === 'lock message' || row.kind === 'add attachment (file)') && least !== 'nobody' && RANK[standing] < RANK[least]) return nothing('NotPermittedError')
  // Who writes may also say something about what is not there; nobody begins that.
  if (row.item === 'parent') return { fold: RANK[standing] >= RANK.write ? 'effect' : 'nothing', append: 'NoSuchItemError' }
  return nothing('NoSuchItemError')
}

/** The holder ends their lock, and full permission that of others. */
function release (standing: Standing, situation: Situation): Verdict {
  if (situation === 'locked by oneself') return EFFECT
  if (situation === 'locked by another') return RANK[standing] >= RANK.full ? EFFECT : nothing('NotPermittedError')
  return nothing('NoSuchItemError')
}
