import type { Permission } from '../../src/index.ts'

/*
 * The rule of who is in, written as the specification says it: over plain sets,
 * so that it is easy to believe and too slow to use.
 */

export interface ReferenceChange {
  id: number
  by: string
  /** The changes that its author had seen, with all that theirs had. */
  past: ReadonlySet<ReferenceChange>
  /** Its place in the common order. */
  time: number
  epoch: number
  add: Array<{ person: string, permission: Permission, history: 'all' | 'from-now' }>
  remove: string[]
}

type Grant = ReferenceChange['add'][number]
type Seen = ReadonlySet<ReferenceChange>
interface Standing { rank: number, from: number }
export interface ReferenceView { members: Map<string, Standing>, former: Map<string, ReferenceChange> }

const PERMISSIONS: Permission[] = ['read', 'comment', 'write', 'full']
const [NONE, WRITE, FULL] = [-1, 2, 3]
export const CREATOR = 'creator'

/** Returns who is in, for somebody who saw all of `seen`. */
export function referenceView (seen: Seen): ReferenceView {
  const known = views.get(seen) ?? apply(seen, seen)
  views.set(seen, known)
  return known
}
/** What was found before: the rule asks the same again and again. */
const views = new WeakMap<Seen, ReferenceView>()
const causes = new WeakMap<Seen, Map<Grant, ReferenceChange | undefined>>()

/** Tells whether an author who saw `past` may make a change. */
export function mayMake ({ by, past, add, remove }: Pick<ReferenceChange, 'by' | 'past' | 'add' | 'remove'>): boolean {
  const { members } = referenceView(past)
  const author = members.get(by)?.rank ?? NONE
  if (author === NONE) return false
  const mayRemove = (person: string): boolean => members.has(person) && (person === by || (author === FULL && person !== CREATOR))
  const mayAdd = ({ person, permission }: Grant): boolean => members.has(person)
    ? author === FULL && person !== CREATOR
    : author >= WRITE && rankOf(permission) <= author
  return remove.every(mayRemove) && add.every(mayAdd)
}

/** Applies what counts of `some` when all of `seen` was seen. */
function apply (some: Seen, seen: Seen): ReferenceView {
  const members = new Map<string, Standing>([[CREATOR, { rank: FULL, from: 0 }]])
  const former = new Map<string, ReferenceChange>()
  for (const change of sorted(some)) {
    for (const person of change.remove) {
      if (members.delete(person)) former.set(person, change)
    }
    for (const grant of change.add) {
      const { person } = grant
      const known = members.get(person)
      const cause = whyVoid(change, grant, seen)
      const isAdmission = !referenceView(change.past).members.has(person)
      if (cause !== undefined) {
        if (known === undefined && !former.has(person)) former.set(person, cause)
      } else if (!isAdmission) {
        if (known !== undefined) members.set(person, { ...known, rank: takesAway(change, person) === undefined ? rankOf(grant.permission) : Math.min(known.rank, rankOf(grant.permission)) })
      } else if (known === undefined) {
        members.set(person, { rank: person === CREATOR ? FULL : rankOf(grant.permission), from: firstEpoch(change, grant) })
        former.delete(person)
      } else {
        members.set(person, { ...known, from: Math.min(known.from, firstEpoch(change, grant)) })
      }
    }
  }
  return { members, former }
}

/** Returns the change because of which a grant is void, for somebody who saw `seen`; undefined where it counts. */
function whyVoid (change: ReferenceChange, grant: Grant, seen: Seen): ReferenceChange | undefined {
  const known = causes.get(seen) ?? new Map<Grant, ReferenceChange | undefined>()
  causes.set(seen, known)
  if (!known.has(grant)) known.set(grant, findCause(change, grant, seen))
  return known.get(grant)
}

function findCause (change: ReferenceChange, grant: Grant, seen: Seen): ReferenceChange | undefined {
  const need = needed(change, grant)
  const atOnce = sorted(seen).find(other => other.by !== change.by && other !== change && !change.past.has(other) && !other.past.has(change) &&
    (takesAway(other, change.by) ?? FULL) < need)
  if (atOnce !== undefined) return atOnce
  const standing = apply(change.past, seen).members.get(change.by)?.rank ?? NONE
  if (standing >= need) return undefined
  const stoodOn = sorted(change.past).flatMap(other => other.add.filter(({ person }) => person === change.by).map(own => whyVoid(other, own, seen)))
  return stoodOn.findLast(cause => cause !== undefined) ?? change
}

function needed (change: ReferenceChange, { person, permission }: Grant): number {
  if (takesAway(change, person) !== undefined) return NONE
  return referenceView(change.past).members.has(person) ? FULL : Math.max(WRITE, rankOf(permission))
}

/** Returns down to which rank a change takes somebody, if it removes or lowers them. */
function takesAway (change: ReferenceChange, person: string): number | undefined {
  if (change.remove.includes(person)) return NONE
  const grant = change.add.find(other => other.person === person)
  const before = referenceView(change.past).members.get(person)?.rank ?? NONE
  return grant === undefined || rankOf(grant.permission) > before ? undefined : rankOf(grant.permission)
}

function firstEpoch ({ by, past, epoch }: ReferenceChange, { history }: Grant): number {
  return history === 'from-now' ? epoch : referenceView(past).members.get(by)?.from ?? 0
}

function rankOf (permission: Permission): number {
  return PERMISSIONS.indexOf(permission)
}

function sorted (changes: Seen): ReferenceChange[] {
  return [...changes].sort((a, b) => a.time - b.time)
}
