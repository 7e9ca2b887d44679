import { cidOf, RAW, type CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { compare, fromString } from 'uint8arrays'
import type { Content, ConversationState, Message, Permission } from '../../src/index.ts'
import type { Person } from './cast.ts'
import type { Choices } from './choices.ts'

/** What somebody knows when they decide what to do next. */
export interface Situation {
  state: ConversationState
  me: Person
  /** Everybody whom they might add. */
  people: Person[]
  /** An action of the log, the newest more often. */
  action: CID | undefined
  now: number
  choices: Choices
}

/** One thing that an honest person may do; undefined where it makes no sense now. */
export interface Move { name: string, weight: number, make(situation: Situation): Content | undefined }

const PERMISSIONS = ['read', 'comment', 'write', 'full'] as const
const rank = (permission: Permission): number => PERMISSIONS.indexOf(permission)
const bytesOf = (id: string): Uint8Array => fromString(id.slice(0, 32), 'hex')
const others = ({ state, me }: Situation): ConversationState['participants'] => state.participants.filter(({ did }) => did !== me.did && did !== state.creator)
const mine = ({ state, me }: Situation): ConversationState['participants'][number] | undefined => state.participants.find(({ did }) => did === me.did)
const may = (situation: Situation, least: Permission): boolean => rank(mine(situation)?.permission ?? 'read') >= rank(least)
const words = ({ choices }: Situation): string => `words ${choices.below(1000)}`
const message = ({ state, choices }: Situation, which: (message: Message) => boolean = () => true): Message | undefined => choices.pick(state.messages.filter(which))
const isOwn = ({ me }: Situation) => ({ author }: Message): boolean => author === me.did
/** Messages that they may change. */
const editable = (situation: Situation): Message | undefined => message(situation, found => found.deleted === undefined && found.body !== undefined && (may(situation, 'write') || isOwn(situation)(found)))
const removable = (situation: Situation, isDeleted: boolean): Message | undefined => message(situation, found => (found.deleted !== undefined) === isDeleted && (may(situation, 'full') || isOwn(situation)(found)))

export const MOVES: readonly Move[] = [
  {
    name: 'add message',
    weight: 24,
    make: situation => may(situation, 'write') ? { verb: 'add', thing: 'message', message: situation.choices.bytes(16), body: words(situation) } : undefined
  },
  {
    name: 'comment',
    weight: 5,
    make (situation) {
      const parent = message(situation)
      if (parent === undefined || !may(situation, 'comment')) return undefined
      const length = parent.body?.length ?? 0
      const from = situation.choices.below(Math.max(1, length))
      return { verb: 'add', thing: 'message', message: situation.choices.bytes(16), body: words(situation), format: 'markdown', parent: bytesOf(parent.id), ...length > 0 && situation.choices.percent(50) ? { part: { from, to: situation.choices.between(from + 1, length) } } : {} }
    }
  },
  {
    name: 'modify message',
    weight: 8,
    make (situation) {
      const found = editable(situation)
      return found === undefined ? undefined : { verb: 'modify', thing: 'message', message: bytesOf(found.id), body: words(situation), follows: found.version, ...found.lock?.by === situation.me.did && situation.choices.percent(50) ? { release: true } : {} }
    }
  },
  {
    name: 'delete message',
    weight: 3,
    make (situation) {
      const found = removable(situation, false)
      return found === undefined ? undefined : { verb: 'delete', thing: 'message', message: bytesOf(found.id), follows: found.version }
    }
  },
  {
    name: 'recover message',
    weight: 2,
    make (situation) {
      const found = removable(situation, true)
      return found === undefined ? undefined : { verb: 'recover', thing: 'message', message: bytesOf(found.id), follows: found.version }
    }
  },
  {
    name: 'lock message',
    weight: 4,
    make (situation) {
      const found = editable(situation)
      return found === undefined ? undefined : { verb: 'lock', thing: 'message', message: bytesOf(found.id), follows: found.version }
    }
  },
  {
    name: 'release message',
    weight: 2,
    make (situation) {
      const found = message(situation, ({ lock }) => lock !== undefined && (lock.by === situation.me.did || may(situation, 'full')))
      return found?.lock === undefined ? undefined : { verb: 'release', thing: 'message', message: bytesOf(found.id), lock: found.lock.action }
    }
  },
  {
    name: 'modify subject',
    weight: 4,
    make: situation => may(situation, 'write') && situation.state.subjectVersion !== undefined ? { verb: 'modify', thing: 'subject', subject: words(situation), follows: situation.state.subjectVersion } : undefined
  },
  {
    name: 'lock subject',
    weight: 2,
    make: situation => may(situation, 'write') && situation.state.subjectVersion !== undefined ? { verb: 'lock', thing: 'subject', follows: situation.state.subjectVersion } : undefined
  },
  {
    name: 'release subject',
    weight: 1,
    make (situation) {
      const lock = situation.state.subjectLock
      return lock !== undefined && (lock.by === situation.me.did || may(situation, 'full')) ? { verb: 'release', thing: 'subject', lock: lock.action } : undefined
    }
  },
  {
    name: 'modify expiry',
    weight: 1,
    make: situation => may(situation, 'full') ? { verb: 'modify', thing: 'expiry', expiresAt: situation.choices.percent(60) ? null : situation.now + situation.choices.between(100_000, 100_000_000), follows: situation.state.expiryVersion } : undefined
  },
  {
    name: 'add participant',
    weight: 5,
    make (situation) {
      const { choices, state, people } = situation
      const person = choices.pick(people.filter(({ did }) => !state.participants.some(participant => participant.did === did)))
      const own = mine(situation)
      if (person === undefined || own === undefined || !may(situation, 'write')) return undefined
      const history = choices.percent(30) ? 'from-now' : 'all'
      const permission = PERMISSIONS[Math.min(rank(own.permission), choices.pick([0, 1, 2, 2, 2, 3, 3]) ?? 2)] ?? 'read'
      return { verb: 'add', thing: 'participant', person: publicKeyFromDid(person.did), name: person.name, permission, history, ...history === 'from-now' && state.subject !== undefined ? { subject: state.subject } : {} }
    }
  },
  {
    name: 'modify participant',
    weight: 3,
    make (situation) {
      const found = situation.choices.pick(others(situation))
      if (found === undefined || !may(situation, 'full')) return undefined
      return { verb: 'modify', thing: 'participant', person: publicKeyFromDid(found.did), permission: situation.choices.pick(PERMISSIONS) }
    }
  },
  {
    name: 'rename oneself',
    weight: 1,
    make: situation => ({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(situation.me.did), name: words(situation) })
  },
  {
    name: 'remove participant',
    weight: 3,
    make (situation) {
      const found = situation.choices.pick(others(situation))
      return found === undefined || !may(situation, 'full') ? undefined : { verb: 'delete', thing: 'participant', person: publicKeyFromDid(found.did) }
    }
  },
  {
    name: 'leave',
    weight: 1,
    make: ({ state, me }) => me.did === state.creator ? undefined : { verb: 'delete', thing: 'participant', person: publicKeyFromDid(me.did) }
  },
  {
    name: 'add label',
    weight: 1,
    make: situation => may(situation, 'write') ? { verb: 'add', thing: 'label', label: `label ${situation.choices.below(3)}` } : undefined
  },
  {
    name: 'delete label',
    weight: 1,
    make (situation) {
      const label = situation.choices.pick(situation.state.labels)
      return label === undefined || !may(situation, 'write') ? undefined : { verb: 'delete', thing: 'label', label }
    }
  },
  {
    name: 'react',
    weight: 4,
    make (situation) {
      const found = message(situation)
      return found === undefined ? undefined : { verb: 'add', thing: 'reaction', message: bytesOf(found.id), reaction: situation.choices.pick(['+1', 'heart']) ?? '' }
    }
  },
  {
    name: 'take back a reaction',
    weight: 1,
    make (situation) {
      const found = message(situation, ({ reactions }) => Object.values(reactions).some(people => people.includes(situation.me.did)))
      const reaction = Object.entries(found?.reactions ?? {}).find(([, people]) => people.includes(situation.me.did))?.[0]
      return found === undefined || reaction === undefined ? undefined : { verb: 'delete', thing: 'reaction', message: bytesOf(found.id), reaction }
    }
  },
  {
    name: 'add extra',
    weight: 2,
    make: situation => may(situation, 'write') ? { verb: 'add', thing: 'extra', extra: situation.choices.bytes(16), kind: 'riddle', text: words(situation), data: { depth: situation.choices.below(9) } } : undefined
  },
  {
    name: 'modify extra',
    weight: 2,
    make (situation) {
      const extra = situation.choices.pick(situation.state.extras.filter(found => found.deleted === undefined && (found.author === situation.me.did || may(situation, 'full'))))
      return extra === undefined ? undefined : { verb: 'modify', thing: 'extra', extra: bytesOf(extra.id), text: words(situation), data: {}, follows: extra.version }
    }
  },
  {
    name: 'delete extra',
    weight: 1,
    make (situation) {
      const extra = situation.choices.pick(situation.state.extras.filter(found => found.deleted === undefined && (found.author === situation.me.did || may(situation, 'full'))))
      return extra === undefined ? undefined : { verb: 'delete', thing: 'extra', extra: bytesOf(extra.id), follows: extra.version }
    }
  },
  {
    name: 'respond',
    weight: 2,
    make (situation) {
      const extra = situation.choices.pick(situation.state.extras)
      return extra === undefined ? undefined : { verb: 'add', thing: 'response', extra: bytesOf(extra.id), answer: words(situation) }
    }
  },
  {
    name: 'say what was seen',
    weight: 2,
    make: ({ action }) => action === undefined ? undefined : { verb: 'seen', thing: 'action', action }
  },
  {
    name: 'attach a file',
    weight: 2,
    make (situation) {
      const { choices } = situation
      const found = message(situation, isOwn(situation))
      if (found === undefined || !may(situation, 'comment')) return undefined
      return { verb: 'add', thing: 'attachment', message: bytesOf(found.id), file: { attachment: choices.bytes(16), name: 'file', mediaType: 'text/plain', sizeBytes: 3, root: cidOf(choices.bytes(8), RAW), key: choices.bytes(32), sha256: choices.bytes(32) } }
    }
  },
  {
    name: 'delete a file',
    weight: 1,
    make (situation) {
      const found = message(situation, candidate => (isOwn(situation)(candidate) || may(situation, 'full')) && candidate.attachments.length > 0)
      const attachment = found?.attachments[0]?.attachment
      return found === undefined || attachment === undefined ? undefined : { verb: 'delete', thing: 'attachment', message: bytesOf(found.id), attachment }
    }
  },
  {
    name: 'record a call',
    weight: 1,
    make (situation) {
      const { choices, me, now } = situation
      return may(situation, 'write') ? { verb: 'add', thing: 'call', call: choices.bytes(16), kinds: ['audio'], startedAt: now - 5000, durationMs: 4000, outcome: 'answered', participants: [publicKeyFromDid(me.did)], missed: others(situation).map(({ did }) => publicKeyFromDid(did)).sort(compare) } : undefined
    }
  }
]

/** Returns what somebody does now, and what it is called. */
export function chooseMove (situation: Situation, moves: readonly Move[] = MOVES): { name: string, content: Content } | undefined {
  const { choices } = situation
  const total = moves.reduce((sum, { weight }) => sum + weight, 0)
  for (let attempt = 0; attempt < 6; attempt++) {
    let at = choices.below(total)
    const move = moves.find(({ weight }) => (at -= weight) < 0)
    const content = move?.make(situation)
    if (move !== undefined && content !== undefined) return { name: move.name, content }
  }
  return undefined
}
