import { didFromPublicKey } from '@parley/identity'
import { NotAParticipantError, NotPermittedError } from '../errors.ts'
import type { AccessChange, AccessGrant } from '../format/access-change.ts'
import { keyBytes, keyName } from '../format/key-name.ts'
import { MAX_CHANGES_SEEN, MAX_PARTICIPANTS } from '../format/limits.ts'
import { RANK, type Member } from '../log/access-view.ts'
import type { LogIndex } from '../log/log-index.ts'
import { TooManyChangesError, TooManyParticipantsError } from './errors.ts'

/** Whose action it is (`keyName`), what it says of access, and what its author had seen. */
export interface AccessQuestion {
  person: string
  change: AccessChange | undefined
  version: number
  /** Whether it follows nothing: only the creator begins a log, since whoever follows nothing could claim to have seen nothing. */
  isFirst: boolean
}

/** Says why somebody may not write an action, by what they had seen and nothing else; undefined where they may. */
export function checkAccess ({ access, creatorName, isHome }: Pick<LogIndex, 'access' | 'creatorName' | 'isHome'>, { person, change, version, isFirst }: AccessQuestion): Error | undefined {
  const members = access.people(version)
  const author = members.get(person)
  if (author === undefined || (isFirst && person !== creatorName)) return new NotAParticipantError(didFromPublicKey(keyBytes(person)))
  if (change === undefined || isHome) return undefined
  const reason = removalFault(change.remove, { members, author, person, creatorName }) ?? grantFault(change.add, { members, author, creatorName })
  if (reason !== undefined) return new NotPermittedError(reason)
  if (change.add.length === 0) return undefined
  const size = members.size - change.remove.length + change.add.filter(({ person }) => !members.has(keyName(person))).length
  if (size > MAX_PARTICIPANTS) return new TooManyParticipantsError(MAX_PARTICIPANTS)
  // Removing stays possible, so that nobody locks the others in by filling it up.
  return access.seen(version) >= MAX_CHANGES_SEEN ? new TooManyChangesError(MAX_CHANGES_SEEN) : undefined
}

interface Facts { members: ReadonlyMap<string, Member>, author: Member, creatorName: string }

function removalFault (remove: Uint8Array[], { members, author, person, creatorName }: Facts & { person: string }): string | undefined {
  for (const removed of remove) {
    const name = keyName(removed)
    if (!members.has(name)) return 'there is no such participant'
    if (name === person) continue
    if (name === creatorName) return 'nobody removes the creator'
    if (author.permission !== 'full') return 'only who has full permission removes others'
  }
  return undefined
}

function grantFault (add: AccessGrant[], { members, author, creatorName }: Facts): string | undefined {
  for (const { person, permission } of add) {
    const name = keyName(person)
    if (members.has(name)) {
      if (name === creatorName) return 'nobody changes the creator’s permission'
      if (author.permission !== 'full') return 'only who has full permission changes a participant'
    } else if (RANK[author.permission] < RANK.write) {
      return `its author may only ${author.permission}`
    } else if (RANK[permission] > RANK[author.permission]) {
      return 'nobody grants more than they have themselves'
    }
  }
  return undefined
}
