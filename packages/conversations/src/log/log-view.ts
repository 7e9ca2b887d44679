import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import { keyBytes, keyName } from '../format/key-name.ts'
import type { FormerHolder, LogView } from '../types.ts'
import type { LogIndex } from './log-index.ts'
import { cidOfHash } from './stored-action.ts'

/** Returns who may hold a log, as somebody of the view is told: of a frozen one, those who could when it froze. */
export function accessOf ({ access, rows }: LogIndex, view?: LogView): Did[] {
  const last = view === undefined ? -1 : rows.find(view.through.multihash.digest)
  const members = last < 0 ? access.now().members : access.people(access.before(rows.access(last), last))
  return [...members.keys()].map(name => didFromPublicKey(keyBytes(name))).sort()
}

/** Returns who may hold a log no longer than to an action, whoever has least first. */
export function formerOf ({ access, rows }: LogIndex): FormerHolder[] {
  return [...access.now().former]
    .sort(([nameA, a], [nameB, b]) => rows.compare(a, b) || (nameA < nameB ? -1 : 1))
    .map(([name, row]) => ({ did: didFromPublicKey(keyBytes(name)), through: cidOfHash(rows.hash(row)) }))
}

/** Returns what tells whether a row is in a view; of an action that is not here nothing is. */
export function viewTest ({ rows, authors }: LogIndex, view: LogView | undefined): (row: number) => boolean {
  if (view === undefined) return () => true
  const last = rows.find(view.through.multihash.digest)
  const own = new Set(view.andBy.map(did => keyName(publicKeyFromDid(did))))
  const isTheirs = (row: number): boolean => own.size > 0 && own.has(authors[rows.author(row)]?.personName ?? '')
  return row => last >= 0 && (rows.compare(row, last) <= 0 || isTheirs(row))
}

/** At most as many actions are looked for that let somebody in. */
const MAX_ADMISSIONS = 16

/** Returns the rows of the newest changes that let each of some persons in. */
export function admissionsOf ({ access }: LogIndex, persons: readonly Did[]): number[] {
  const wanted = new Set(persons.map(person => keyName(publicKeyFromDid(person))))
  const rows = new Map<string, number>()
  for (const [row, , grants] of access.slice(0, 0).changes) {
    for (const [person] of grants) {
      const name = keyName(person)
      if (wanted.has(name)) rows.set(name, row)
    }
  }
  return [...new Set(rows.values())].slice(0, MAX_ADMISSIONS)
}
