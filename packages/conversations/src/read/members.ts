import { didFromPublicKey, type Did } from '@parley/identity'
import { keyBytes } from '../format/key-name.ts'
import type { Member } from '../log/access-view.ts'
import type { LogIndex } from '../log/log-index.ts'
import type { FormerParticipant, Participant } from '../types.ts'
import type { Standing } from './state-fold.ts'

/** Standings that are remembered; they are few, unless many people came and went. */
const MAX_STANDINGS = 1024

/** Returns what tells of each row who its author was, as far as they had seen; undefined where they were not in. */
export function createStandings ({ access, authors, rows }: LogIndex): (row: number) => Standing | undefined {
  const known = new Map<string, Standing | undefined>()
  return row => {
    const author = rows.author(row)
    const version = access.before(rows.access(row), row)
    const name = `${author} ${version}`
    if (known.has(name)) return known.get(name)
    const personName = authors[author]?.personName ?? ''
    const members = access.people(version)
    const permission = members.get(personName)?.permission
    const standing = permission === undefined ? undefined : { permission, members, personName }
    if (known.size >= MAX_STANDINGS) known.clear()
    known.set(name, standing)
    return standing
  }
}

type NameOf = (did: Did) => { name?: string }

/** Returns who is in, as a state shows them. */
export function participantsOf (members: ReadonlyMap<string, Member>, nameOf: NameOf): Participant[] {
  return Array.from(members, ([person, { permission, from }]) => {
    const did = didFromPublicKey(keyBytes(person))
    return { did, ...nameOf(did), permission, history: from === 0 ? 'all' : 'from-now' }
  })
}

/** Returns who was in and is not, as of an access version. */
export function formerOf ({ access, authors, rows }: LogIndex, version: number, nameOf: NameOf): FormerParticipant[] {
  return Array.from(access.formerly(version), ([person, row]) => {
    const did = didFromPublicKey(keyBytes(person))
    const by = didFromPublicKey(authors[rows.author(row)]?.person ?? new Uint8Array())
    return { did, ...nameOf(did), at: rows.wallMs(row), by }
  })
}
