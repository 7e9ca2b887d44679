import { isGuestLog, isHome, type Basics } from '../format/basics.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import { createAccessHistory, type AccessHistory } from './access-history.ts'
import { createLogRows, type LogRows } from './log-rows.ts'
import { keyName } from '../format/key-name.ts'

/** A device that writes in the log for a person; a device on two persons' lists counts as two authors. */
export interface Author {
  key: Uint8Array
  person: Uint8Array
  /** `keyName` of `person`. */
  personName: string
  /** Rows that no later row of the author follows; more than one when the author forked their chain. */
  tips: number[]
}

/** What is remembered of a log: no contents, and no block. */
export interface LogIndex {
  readonly basics: Basics
  /** Whether it is a home log, whose access set never changes. */
  readonly isHome: boolean
  /** Whether it lets somebody read another conversation, and is none itself. */
  readonly isGuest: boolean
  /** `keyName` of the creator. */
  readonly creatorName: string
  readonly rows: LogRows
  readonly access: AccessHistory
  readonly authors: Author[]
  /** Rows that no other row follows. */
  readonly heads: Set<number>
  /** Rows that were heads and are no more, since whoever stores the index emptied this. */
  readonly joined: number[]
  /** Returns the number of an author, or -1. */
  author(key: Uint8Array, person: Uint8Array): number
  /** Adds an action that was checked; returns its row, and whether it forks its author's chain. */
  add(action: ParsedAction, hash: Uint8Array, placed: { access: number, prev: number, author: number, parents: number[] }): { row: number, forked: boolean }
}

/** Creates the index of an empty log. */
export function createLogIndex (basics: Basics): LogIndex & { addAuthor(key: Uint8Array, person: Uint8Array): number, link(row: number): boolean } {
  const rows = createLogRows()
  const creatorName = keyName(basics.creator)
  const isHomeLog = isHome(basics)
  const authors: Author[] = []
  const access = createAccessHistory(creatorName, { compare: rows.compare, personOf: row => authors[rows.author(row)]?.personName ?? '' })
  const numbers = new Map<string, number>()
  /** Where among its author's tips a row is. */
  const places = new Map<number, number>()
  const heads = new Set<number>()
  const joined: number[] = []
  const nameOf = (key: Uint8Array, person: Uint8Array): string => keyName(key) + keyName(person)

  const addAuthor = (key: Uint8Array, person: Uint8Array): number => {
    const number = authors.push({ key: key.slice(), person: person.slice(), personName: keyName(person), tips: [] }) - 1
    numbers.set(nameOf(key, person), number)
    return number
  }
  const authorOf = (key: Uint8Array, person: Uint8Array): number => numbers.get(nameOf(key, person)) ?? addAuthor(key, person)
  /** Puts a row on its author's chain and tells whether it forks it. */
  const link = (row: number): boolean => {
    const author = authors[rows.author(row)]
    if (author === undefined) return false
    const { tips } = author
    const prev = rows.prev(row)
    const follows = prev < 0 ? undefined : places.get(prev)
    places.delete(prev)
    const place = follows ?? tips.length
    tips[place] = row
    places.set(row, place)
    return follows === undefined && tips.length > 1
  }
  return {
    basics,
    isHome: isHomeLog,
    isGuest: isGuestLog(basics),
    creatorName,
    rows,
    access,
    authors,
    heads,
    joined,
    addAuthor,
    link,
    author: (key, person) => numbers.get(nameOf(key, person)) ?? -1,
    add (action, hash, placed) {
      const { bytes, authorAt, personAt, time } = action
      const author = placed.author >= 0 ? placed.author : authorOf(bytes.subarray(authorAt, authorAt + 32), bytes.subarray(personAt, personAt + 32))
      const version = action.access === undefined || isHomeLog ? placed.access : access.change(placed.access, { row: rows.size, by: authors[author]?.personName ?? '', epoch: action.epoch, change: action.access })
      const row = rows.add(hash, { author, seq: action.seq, wallMs: time.wallMs, counter: time.counter, epoch: action.epoch, access: version, prev: placed.prev })
      const forked = link(row)
      for (const parent of placed.parents) if (heads.delete(parent)) joined.push(parent)
      heads.add(row)
      return { row, forked }
    }
  }
}
