import { PERMISSIONS } from '../format/access-change.ts'
import type { Permission } from '../actions/content.ts'
import { hasBit, type Bits } from './bits.ts'

/** What is known of somebody who is in. */
export interface Member {
  permission: Permission
  /** The first epoch whose keys they are given. */
  from: number
}

/** Who is in, and who was: by `keyName` of their keys. */
export interface AccessView {
  readonly members: ReadonlyMap<string, Member>
  /** The row of the change that put them out. */
  readonly former: ReadonlyMap<string, number>
}

/** What a grant was to its author: somebody let in, or a permission made larger; or not larger. */
export type GrantKind = 'admit' | 'raise' | 'lower'

export interface Grant {
  person: string
  kind: GrantKind
  rank: number
  /** Of one that lets somebody in: the first epoch whose keys they get. */
  from: number
}

/** One action that changes who is in. */
export interface Change {
  row: number
  /** `keyName` of its person. */
  by: string
  /** The numbers of the changes that its author had seen. */
  past: Bits
  grants: Grant[]
  removed: string[]
}

export const RANK: Readonly<Record<Permission, number>> = { read: 0, comment: 1, write: 2, full: 3 }
const OUT = -1

/** What became of somebody: they were let in, got another permission, or were put out. */
interface Event {
  change: number
  kind: GrantKind | 'out'
  rank: number
  from: number
  /** Of a void grant: the row of the change because of which it is. */
  voidBy?: number | undefined
}

/** A change that takes from somebody what they may do: all of it, or down to a rank. */
interface Loss { change: number, by: string, rank: number }

/** Returns the view of a log in which nobody changed anything. */
export function firstView (creator: string): AccessView {
  return { members: new Map([[creator, { permission: 'full', from: 0 }]]), former: new Map() }
}

/** Returns the view after a change whose author had seen everything before it: then nothing can be void. */
export function applyLast ({ members, former }: AccessView, { row, grants, removed }: Pick<Change, 'row' | 'grants' | 'removed'>, creator: string): AccessView {
  const next = { members: new Map(members), former: new Map(former) }
  for (const person of removed) {
    if (next.members.delete(person)) next.former.set(person, row)
  }
  for (const grant of grants) {
    setMember(next.members, grant.person, settle(memberRank(next.members.get(grant.person)), grant, grant.person === creator))
    if (next.members.has(grant.person)) next.former.delete(grant.person)
  }
  return next
}

/**
 * Returns the view of a set of changes: all that somebody saw, in the common
 * order, each by its number in `changes`.
 *
 * Removal wins: a grant is void when somebody else's change that its author had
 * not seen, and that had not seen it either, leaves its author less than the
 * grant needs; and when its author stood on a grant that is void. What removes
 * or lowers always counts. Void grants are found in one pass, since a grant
 * depends on nothing but what its author had seen, and on what removes.
 */
export function viewOf (changes: readonly Change[], seen: readonly number[], creator: string): AccessView {
  const losses = lossesOf(changes, seen)
  const events = new Map<string, Event[]>()
  const tell = (person: string, event: Event): void => {
    const known = events.get(person)
    if (known === undefined) events.set(person, [event])
    else known.push(event)
  }
  for (const number of seen) {
    const change = changes[number]
    if (change === undefined) continue
    const judge = createJudge(changes, number, { losses: losses.get(change.by) ?? [], events: events.get(change.by) ?? [], isCreator: change.by === creator })
    for (const person of change.removed) tell(person, { change: number, kind: 'out', rank: OUT, from: 0 })
    for (const { person, ...grant } of change.grants) tell(person, { change: number, ...grant, voidBy: judge({ person, ...grant }) })
  }
  const view = { members: new Map<string, Member>(), former: new Map<string, number>() }
  const place = new Map(seen.map((number, index) => [number, index]))
  const standings = Array.from(new Set([creator, ...events.keys()]), person => ({ person, ...fold(events.get(person) ?? [], person === creator, changes) }))
  standings.sort((a, b) => (place.get(a.since) ?? -1) - (place.get(b.since) ?? -1) || (a.person < b.person ? -1 : 1))
  for (const { person, member, out } of standings) {
    setMember(view.members, person, member)
    if (member === undefined && out !== undefined) view.former.set(person, out)
  }
  return view
}

interface Standing { rank: number, from: number }

function lossesOf (changes: readonly Change[], seen: readonly number[]): Map<string, Loss[]> {
  const losses = new Map<string, Loss[]>()
  for (const number of seen) {
    const { by = '', removed = [], grants = [] } = changes[number] ?? {}
    const all = [...removed.map(person => ({ person, rank: OUT })), ...grants.filter(({ kind }) => kind === 'lower')]
    for (const { person, rank } of all) {
      const known = losses.get(person) ?? []
      losses.set(person, known)
      known.push({ change: number, by, rank })
    }
  }
  return losses
}

/** Returns what tells, of each grant of a change, the row because of which it is void; `losses` and `events` are its author's. */
function createJudge (changes: readonly Change[], number: number, { losses, events, isCreator }: { losses: Loss[], events: Event[], isCreator: boolean }): (grant: Grant) => number | undefined {
  const { past, by, row = 0 } = changes[number] ?? { past: new Uint32Array(), by: '' }
  const atOnce = losses.filter(loss => loss.by !== by && loss.change !== number && !hasBit(past, loss.change) && !hasBit(changes[loss.change]?.past ?? past, number))
  const stoodOn = events.filter(event => hasBit(past, event.change))
  const rank = fold(stoodOn, isCreator, changes).member?.rank ?? OUT
  return grant => {
    const need = neededFor(grant)
    const [first] = atOnce.filter(loss => loss.rank < need)
    if (first !== undefined) return changes[first.change]?.row
    return rank >= need ? undefined : stoodOn.findLast(event => event.voidBy !== undefined)?.voidBy ?? row
  }
}

/** Returns the rank that somebody has to have for a grant; to lower nothing is needed but what its author had. */
function neededFor ({ kind, rank }: Grant): number {
  if (kind === 'lower') return OUT
  return kind === 'raise' ? RANK.full : Math.max(RANK.write, rank)
}

/** Returns what became of somebody, and the row that put them out. */
function fold (events: readonly Event[], isCreator: boolean, changes: readonly Change[]): { member: Standing | undefined, out: number | undefined, since: number } {
  let since = -1
  let member: Standing | undefined = isCreator ? { rank: RANK.full, from: 0 } : undefined
  let out: number | undefined
  for (const event of events) {
    if (event.kind === 'out') {
      if (member !== undefined) {
        out = changes[event.change]?.row
        since = event.change
      }
      member = undefined
    } else if (event.voidBy !== undefined) {
      if (member === undefined) out ??= event.voidBy
    } else {
      if (member === undefined && event.kind === 'admit') since = event.change
      member = settle(member, event, isCreator)
    }
  }
  return { member, out, since }
}

/** Returns what somebody is after a grant that is not void; who is let in twice at once is in by the first. */
function settle (member: Standing | undefined, { kind, rank, from }: Pick<Event, 'kind' | 'rank' | 'from'>, isCreator: boolean): Standing | undefined {
  if (kind !== 'admit') return member === undefined ? undefined : { ...member, rank: kind === 'raise' ? rank : Math.min(member.rank, rank) }
  if (member !== undefined) return { ...member, from: Math.min(member.from, from) }
  return { rank: isCreator ? RANK.full : rank, from }
}

function memberRank (member: Member | undefined): Standing | undefined {
  return member === undefined ? undefined : { rank: RANK[member.permission], from: member.from }
}

function setMember (members: Map<string, Member>, person: string, standing: Standing | undefined): void {
  const permission = PERMISSIONS[standing?.rank ?? OUT]
  if (standing !== undefined && permission !== undefined) members.set(person, { permission, from: standing.from })
}
