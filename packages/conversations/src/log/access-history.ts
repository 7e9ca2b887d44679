import type { AccessChange } from '../format/access-change.ts'
import { keyBytes, keyName } from '../format/key-name.ts'
import { RANK, applyLast, firstView, viewOf, type AccessView, type Change, type Grant, type GrantKind, type Member } from './access-view.ts'
import { countBits, hasBit, numbersOf, unite, type Bits } from './bits.ts'

/** Who may hold the log and what they may do, as every point of its graph saw it. */
export interface AccessHistory {
  readonly versionCount: number
  readonly changeCount: number
  /** Returns the version of somebody who saw all of `versions`. */
  join(versions: Iterable<number>): number
  /** Returns the version after a change at `row`, allowed to `by` (`keyName`) who saw `version`. */
  change(version: number, made: { row: number, by: string, epoch: number, change: AccessChange }): number
  /** Returns the version of somebody who saw everything; a number is made for it, so ask `now` where only the people matter. */
  newest(): number
  /** Returns the view of somebody who saw everything. */
  now(): AccessView
  /** Returns the people of a version: `keyName` of their keys. */
  people(version: number): ReadonlyMap<string, Member>
  /** Returns who was in as of a version and is not, with the row of the change that put them out. */
  formerly(version: number): ReadonlyMap<string, number>
  /** Returns what the author of a row had seen, by the version that holds after it. */
  before(version: number, row: number): number
  /** Returns how many changes somebody saw whose version it is. */
  seen(version: number): number
  /** Returns what is to be stored of versions and changes from these numbers on. */
  slice(versionsFrom: number, changesFrom: number): StoredAccess
  /** Takes in what `slice` returned; the rows are loaded before. */
  load(stored: StoredAccess): void
}

/**
 * Versions are lists of the changes that no other of the version had seen; changes
 * are `[row, version, [[person, kind, rank, from]], [person]]`.
 */
export interface StoredAccess {
  versions: number[][]
  changes: Array<[number, number, Array<[Uint8Array, number, number, number]>, Uint8Array[]]>
}

const KINDS: readonly GrantKind[] = ['admit', 'raise', 'lower']
/** Views that are remembered; another one is made again when it is asked for. */
const MAX_VIEWS = 256

/**
 * Creates the history of a log whose creator may hold it from the beginning.
 *
 * What an action may do is judged by what its author had seen, never by what
 * arrived here first: otherwise two replicas would keep different logs. So a
 * version is the set of the changes that were seen. It is told by its newest
 * ones, since whoever saw a change saw all that its author had seen.
 */
export function createAccessHistory (creator: string, { compare, personOf }: { compare(rowA: number, rowB: number): number, /** `keyName` of whose action it is. */ personOf(row: number): string }): AccessHistory {
  const versions: number[][] = [[]]
  const changes: Change[] = []
  const madeAt: number[] = []
  const numbers = new Map<string, number>([['', 0]])
  const views = new Map<number, AccessView>([[0, firstView(creator)]])
  let tips: number[] = []
  // Made when asked for: of many changes at once each newest version is a list of all of them.
  let newest: number | undefined = 0
  let now: AccessView | undefined

  const intern = (list: number[]): number => {
    const name = list.join()
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, versions.length)
    return versions.push(list) - 1
  }
  const pastOf = (number: number): Bits => changes[number]?.past ?? new Uint32Array()
  const seenBy = (version: number): Bits => {
    const list = versions[version] ?? []
    return unite(list.map(pastOf), list)
  }
  const addChange = (change: Omit<Change, 'past'>, version: number): number => {
    const past = seenBy(version)
    const number = changes.push({ ...change, past }) - 1
    madeAt.push(version)
    tips = tips.filter(tip => !hasBit(past, tip))
    tips.push(number)
    newest = undefined
    now = undefined
    return number
  }
  const viewAt = (version: number): AccessView => {
    const known = views.get(version)
    if (known !== undefined) return known
    const view = lastView(version) ?? viewOfSeen(seenBy(version))
    if (views.size >= MAX_VIEWS) views.delete(views.keys().next().value ?? 0)
    views.set(version, view)
    return view
  }
  const viewOfSeen = (seen: Bits): AccessView => viewOf(changes, numbersOf(seen).sort((a, b) => compare(changes[a]?.row ?? 0, changes[b]?.row ?? 0)), creator)
  /** The usual case: one more change, by somebody who had seen all others, and whose view is still here. */
  const lastView = (version: number): AccessView | undefined => {
    const [number = -1, ...others] = versions[version] ?? []
    const change = changes[number]
    const before = views.get(madeAt[number] ?? -1)
    return change === undefined || before === undefined || others.length > 0 ? undefined : applyLast(before, change, creator)
  }
  const grantsOf = (version: number, by: string, epoch: number, add: AccessChange['add']): Grant[] => {
    const { members } = viewAt(version)
    const own = members.get(by)?.from ?? 0
    return add.map(({ person, permission, history }) => {
      const name = keyName(person)
      const known = members.get(name)
      const rank = RANK[permission]
      if (known !== undefined) return { person: name, kind: rank > RANK[known.permission] ? 'raise' : 'lower', rank, from: 0 }
      // Nobody hands on more than they may read themselves.
      return { person: name, kind: 'admit', rank, from: history === 'from-now' ? epoch : own }
    })
  }

  return {
    get versionCount () { return versions.length },
    get changeCount () { return changes.length },
    join (list) {
      const distinct = [...new Set(list)]
      const [only = 0] = distinct
      if (distinct.length < 2) return only
      const heads = [...new Set(distinct.flatMap(version => versions[version] ?? []))]
      // All pasts at once: each head with each would be a question for every pair.
      const followed = unite(heads.map(pastOf), [])
      return intern(heads.filter(head => !hasBit(followed, head)).sort((a, b) => a - b))
    },
    change (version, { row, by, epoch, change: { add, remove } }) {
      const number = addChange({ row, by, grants: grantsOf(version, by, epoch, add), removed: remove.map(person => keyName(person)) }, version)
      const after = intern([number])
      // While the view that it changes is here.
      viewAt(after)
      return after
    },
    newest: () => newest ??= intern(tips),
    now: () => now ??= tips.length < 2 ? viewAt(newest ??= intern(tips)) : viewOfSeen(unite(tips.map(pastOf), tips)),
    people: version => viewAt(version).members,
    formerly: version => viewAt(version).former,
    before (version, row) {
      const [number = -1] = versions[version] ?? []
      return changes[number]?.row === row ? madeAt[number] ?? version : version
    },
    seen: version => countBits(seenBy(version)),
    slice: (versionsFrom, changesFrom) => ({
      versions: versions.slice(versionsFrom),
      changes: changes.slice(changesFrom).map(({ row, grants, removed }, index) => [
        row,
        madeAt[changesFrom + index] ?? 0,
        grants.map(({ person, kind, rank, from }) => [keyBytes(person), KINDS.indexOf(kind), rank, from]),
        removed.map(keyBytes)
      ])
    }),
    load (stored) {
      for (const list of stored.versions) intern(list)
      for (const [row, version, grants, removed] of stored.changes) {
        addChange({
          row,
          by: personOf(row),
          grants: grants.map(([person, kind, rank, from]) => ({ person: keyName(person), kind: KINDS[kind] ?? 'lower', rank, from })),
          removed: removed.map(person => keyName(person))
        }, version)
      }
    }
  }
}
