import { keyBytes, keyName } from '../format/key-name.ts'
import type { AccessChange } from '../format/parse-action.ts'

/** Who may hold the log, as every point of its graph saw it. */
export interface AccessHistory {
  readonly versionCount: number
  readonly changeCount: number
  /** Returns the version of somebody who saw all of `versions`. */
  join(versions: Iterable<number>): number
  /** Returns the version after `change`, made at `row` by somebody who saw `version`. */
  change(version: number, row: number, change: AccessChange): number
  /** Returns the version of somebody who saw everything. */
  newest(): number
  /** Returns the people of a version: `keyName` of their keys. */
  people(version: number): ReadonlySet<string>
  /** Returns what is to be stored of versions and changes from these numbers on. */
  slice(versionsFrom: number, changesFrom: number): StoredAccess
  load(stored: StoredAccess): void
}

/** Versions are lists of changes; changes are `[row, add, remove]`. */
export interface StoredAccess {
  versions: number[][]
  changes: Array<[number, Uint8Array[], Uint8Array[]]>
}

interface Change { row: number, add: string[], remove: string[] }

/**
 * Creates the history of a log whose creator may hold it from the beginning.
 *
 * What an action may do is judged by what its author had seen, never by what
 * arrived here first: otherwise two replicas would keep different logs. So a
 * version is the set of the changes that were seen, applied in the common order.
 */
export function createAccessHistory (creator: string, order: (rowA: number, rowB: number) => number): AccessHistory {
  const versions: number[][] = [[]]
  const changes: Change[] = []
  const numbers = new Map<string, number>([['', 0]])
  const peopleOf = new Map<number, Set<string>>()

  const intern = (list: number[]): number => {
    const name = list.join()
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, versions.length)
    return versions.push(list) - 1
  }
  const union = (lists: number[][]): number[] => [...new Set(lists.flat())].sort((a, b) => a - b)
  const addChange = (row: number, { add, remove }: AccessChange): void => { changes.push({ row, add: add.map(person => keyName(person)), remove: remove.map(person => keyName(person)) }) }

  return {
    get versionCount () { return versions.length },
    get changeCount () { return changes.length },
    join (list) {
      const distinct = [...new Set(list)]
      const [only = 0] = distinct
      return distinct.length < 2 ? only : intern(union(distinct.map(version => versions[version] ?? [])))
    },
    change (version, row, change) {
      addChange(row, change)
      return intern([...versions[version] ?? [], changes.length - 1])
    },
    newest: () => intern(changes.map((_change, index) => index)),
    people (version) {
      const known = peopleOf.get(version)
      if (known !== undefined) return known
      const people = new Set([creator])
      const seen = (versions[version] ?? []).map(index => changes[index]).filter(change => change !== undefined)
      for (const { add, remove } of seen.sort((a, b) => order(a.row, b.row))) {
        for (const person of remove) people.delete(person)
        for (const person of add) people.add(person)
      }
      peopleOf.set(version, people)
      return people
    },
    slice: (versionsFrom, changesFrom) => ({
      versions: versions.slice(versionsFrom),
      changes: changes.slice(changesFrom).map(({ row, add, remove }) => [row, add.map(keyBytes), remove.map(keyBytes)])
    }),
    load (stored) {
      for (const [row, add, remove] of stored.changes) addChange(row, { add, remove })
      for (const list of stored.versions) intern(list)
    }
  }
}
