import { createSeededRandom, sha256 } from '@parley/core'
import { createAccessHistory, type AccessHistory } from '../../src/log/access-history.ts'
import { PERMISSIONS, type AccessChange } from '../../src/format/access-change.ts'
import { keyName } from '../../src/format/key-name.ts'
import { CREATOR, mayMake, type ReferenceChange } from './reference.ts'

export const PEOPLE = [CREATOR, 'ann', 'ben', 'cid', 'dot', 'eve']
const keys = new Map(PEOPLE.map(name => [name, sha256(new TextEncoder().encode(name))]))
const names = new Map([...keys].map(([name, key]) => [keyName(key), name]))

export function keyOf (name: string): Uint8Array {
  return keys.get(name) ?? new Uint8Array(32)
}

/** What somebody tries to do; whether they may is found out. */
export interface Attempt {
  by: number
  /** Which of the changes before they have seen; all when undefined, or all but one and what follows it. */
  sees: number[] | { blindTo: number } | undefined
  /** How long after what they have seen it says it was. */
  delay: number
  person: number
  act: 'add' | 'remove' | 'leave'
  permission: number
  fromNow: boolean
}

/** Makes of attempts the changes that their authors were allowed to make, in an order of arrival. */
export function historyOf (attempts: Attempt[]): ReferenceChange[] {
  const made: ReferenceChange[] = []
  for (const { by, sees, delay, person, act, permission, fromNow } of attempts) {
    const past = pastOf(made, sees)
    const author = PEOPLE[by] ?? CREATOR
    const target = act === 'leave' ? author : PEOPLE[person] ?? CREATOR
    const add = act === 'add' ? [{ person: target, permission: PERMISSIONS[permission] ?? 'read' as const, history: fromNow ? 'from-now' as const : 'all' as const }] : []
    const remove = act === 'add' ? [] : [target]
    if (!mayMake({ by: author, past, add, remove })) continue
    const latest = Math.max(0, ...[...past].map(({ time }) => time))
    // Never twice the same time.
    made.push({ id: made.length, by: author, past, time: Math.floor(latest) + delay + (made.length + 1) / 1000, epoch: past.size + 1, add, remove })
  }
  return made
}

/** Returns what somebody has seen, with all that the authors of it had. */
export function pastOf (made: ReferenceChange[], sees: Attempt['sees']): Set<ReferenceChange> {
  if (sees === undefined || made.length === 0) return new Set(made)
  if (Array.isArray(sees)) return new Set(sees.map(at => made[at % made.length]).filter(change => change !== undefined).flatMap(change => [change, ...change.past]))
  const unseen = made[sees.blindTo % made.length]
  return new Set(made.filter(change => unseen === undefined || (change !== unseen && !change.past.has(unseen))))
}

export interface Loaded {
  history: AccessHistory
  /** Returns the version of somebody who saw these changes. */
  versionOf(seen: Iterable<ReferenceChange>): number
  /** Returns a version's people and those who were, in the words of the reference. */
  view(version: number): { members: object, former: object }
}

/** Gives changes to a history in an order in which each comes after what it has seen. */
export function give (changes: ReferenceChange[], { restart = false }: { restart?: boolean } = {}): Loaded {
  const components = { compare: (a: number, b: number) => (changes[a]?.time ?? 0) - (changes[b]?.time ?? 0), personOf: (row: number) => keyName(keyOf(changes[row]?.by ?? '')) }
  const creator = keyName(keyOf(CREATOR))
  let history = createAccessHistory(creator, components)
  const versions = new Map<ReferenceChange, number>()
  const versionOf = (seen: Iterable<ReferenceChange>): number => history.join([0, ...[...seen].map(change => versions.get(change) ?? 0)])
  for (const [row, change] of changes.entries()) {
    versions.set(change, history.change(versionOf(change.past), { row, by: components.personOf(row), epoch: change.epoch, change: inClear(change) }))
    if (!restart) continue
    const stored = history.slice(1, 0)
    history = createAccessHistory(creator, components)
    history.load(stored)
  }
  return {
    get history () { return history },
    versionOf,
    view: version => ({
      members: byName(history.people(version), ({ permission, from }) => ({ rank: PERMISSIONS.indexOf(permission), from })),
      former: byName(history.formerly(version), row => changes[row]?.id)
    })
  }
}

function byName<T> (people: ReadonlyMap<string, T>, toPlain: (value: T) => unknown): Record<string, unknown> {
  return Object.fromEntries([...people].map(([name, value]): [string, unknown] => [names.get(name) ?? '', toPlain(value)]))
}

export function inClear ({ add, remove }: Pick<ReferenceChange, 'add' | 'remove'>): AccessChange {
  return { add: add.map(({ person, ...grant }) => ({ person: keyOf(person), ...grant })), remove: remove.map(keyOf) }
}

/** Returns the changes in another order in which each comes after what it has seen. */
export function reordered (changes: ReferenceChange[], seed: number): ReferenceChange[] {
  const random = createSeededRandom(seed)
  const left = [...changes]
  const order: ReferenceChange[] = []
  while (left.length > 0) {
    const free = left.filter(({ past }) => [...past].every(seen => order.includes(seen)))
    const next = free[(random(1)[0] ?? 0) % free.length] ?? free[0]
    if (next === undefined) break
    order.push(next)
    left.splice(left.indexOf(next), 1)
  }
  return order
}
