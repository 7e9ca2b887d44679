import type { PlainAction, PlainBasics } from './blocks.ts'

export const OUT = -1
export const READ = 0
export const WRITE = 2
export const FULL = 3

/** Somebody who is in: their permission as a number, and the first epoch whose keys they get. */
export interface PlainMember { rank: number, from: number }

/** Whoever is in, by hex of their key. */
export type PlainMembers = ReadonlyMap<string, PlainMember>

/** Who may what, by the written rules and in no clever way. */
export interface PlainAccess {
  /** Returns who is in for somebody who saw these actions and all that they follow. */
  after(seen: Iterable<string>): PlainMembers
  /** Returns who was in for the author of an action. */
  before(action: PlainAction): PlainMembers
}

type Grant = NonNullable<PlainAction['access']>['add'][number]

/** Reads the rules out of a log in the common order. */
export function readAccess (basics: PlainBasics, ordered: readonly PlainAction[], pasts: ReadonlyMap<string, ReadonlySet<string>>): PlainAccess {
  const changes = ordered.filter(({ access }) => access !== undefined)
  const views = new Map<string, PlainMembers>()
  const sees = (later: PlainAction, earlier: PlainAction): boolean => pasts.get(later.name)?.has(earlier.name) === true
  const pastOf = (action: PlainAction): PlainAction[] => changes.filter(change => sees(action, change))
  const isCreator = (person: string): boolean => person === basics.creator

  /** What a grant was to its author: somebody who was not in, or a larger permission, or neither. */
  const kindOf = (change: PlainAction, { person, permission }: Grant): 'admit' | 'raise' | 'lower' => {
    const known = viewOf(pastOf(change)).get(person)
    if (known === undefined) return 'admit'
    return permission > known.rank ? 'raise' : 'lower'
  }
  const needOf = (change: PlainAction, grant: Grant): number => kindOf(change, grant) === 'raise' ? FULL : Math.max(WRITE, grant.permission)

  const viewOf = (seen: readonly PlainAction[]): PlainMembers => {
    const name = seen.map(change => change.name).join()
    const known = views.get(name)
    if (known !== undefined) return known
    const verdicts = new Map<Grant, boolean>()
    /** The least that a change leaves somebody; undefined where it takes nothing from them. */
    const leaves = (change: PlainAction, person: string): number | undefined => {
      if (change.access?.remove.includes(person) === true) return OUT
      const lowered = change.access?.add.find(grant => grant.person === person && kindOf(change, grant) === 'lower')
      return lowered?.permission
    }
    const isVoid = (change: PlainAction, grant: Grant): boolean => {
      const known = verdicts.get(grant)
      if (known !== undefined) return known
      const author = change.personName
      const need = needOf(change, grant)
      const isTaken = seen.some(other => other !== change && other.personName !== author && !sees(change, other) && !sees(other, change) && (leaves(other, author) ?? FULL) < need)
      const verdict = isTaken || (standing(author, seen.filter(other => sees(change, other)))?.rank ?? OUT) < need
      verdicts.set(grant, verdict)
      return verdict
    }
    /** What became of somebody by these changes, void grants left out. */
    const standing = (person: string, of: readonly PlainAction[]): PlainMember | undefined => {
      let member: PlainMember | undefined = isCreator(person) ? { rank: FULL, from: 0 } : undefined
      for (const change of of) {
        if (change.access?.remove.includes(person) === true) member = undefined
        const grant = change.access?.add.find(candidate => candidate.person === person)
        if (grant === undefined) continue
        const kind = kindOf(change, grant)
        if (kind === 'lower') member = member === undefined ? undefined : { ...member, rank: Math.min(member.rank, grant.permission) }
        else if (isVoid(change, grant)) continue
        else if (kind === 'raise') member = member === undefined ? undefined : { ...member, rank: grant.permission }
        else member = admitted(member, change, grant)
      }
      return member
    }
    const admitted = (member: PlainMember | undefined, change: PlainAction, { permission, history }: Grant): PlainMember => {
      // Nobody hands on more than they may read themselves.
      const from = history === 1 ? change.epoch : viewOf(pastOf(change)).get(change.personName)?.from ?? 0
      return member === undefined ? { rank: permission, from } : { ...member, from: Math.min(member.from, from) }
    }
    const people = new Set([basics.creator, ...seen.flatMap(({ access }) => access?.add.map(({ person }) => person) ?? [])])
    const view = new Map([...people].flatMap(person => {
      const member = standing(person, seen)
      return member === undefined ? [] : [[person, member] as const]
    }))
    views.set(name, view)
    return view
  }
  return {
    after (seen) {
      const all = new Set([...seen].flatMap(name => [name, ...pasts.get(name) ?? []]))
      return viewOf(changes.filter(({ name }) => all.has(name)))
    },
    before: action => viewOf(pastOf(action))
  }
}

/** Says what is wrong with an action that was accepted, by the rules of access; undefined where nothing is. */
export function faultOf (basics: PlainBasics, access: PlainAccess, action: PlainAction): string | undefined {
  const members = access.before(action)
  const author = members.get(action.personName)
  if (author === undefined) return 'its author was not in'
  if (action.parents.length === 0 && action.personName !== basics.creator) return 'it follows nothing'
  for (const removed of action.access?.remove ?? []) {
    if (removed === action.personName) continue
    if (removed === basics.creator) return 'it removes the creator'
    if (author.rank < FULL) return 'its author may remove nobody'
  }
  for (const { person, permission } of action.access?.add ?? []) {
    if (members.has(person) ? author.rank < FULL || person === basics.creator : author.rank < WRITE || permission > author.rank) return 'its author may not grant that'
  }
  return undefined
}
