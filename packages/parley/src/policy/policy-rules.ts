import type { Did, Policy, StrangerLimits } from '@parley/identity'

// What a policy means, without stores, streams or clocks.

/** How a person stands to somebody. `known`: no contact, but the person wrote in a conversation with them. */
export type Standing = 'contact' | 'known' | 'stranger' | 'blocked'

/** A policy that can be asked quickly. */
export interface PolicyView {
  policy: Policy
  blocked: ReadonlySet<Did>
  contacts: ReadonlySet<Did>
  declined: ReadonlySet<Did>
}

export function viewPolicy (policy: Policy): PolicyView {
  return { policy, blocked: new Set(policy.blocked), contacts: new Set(policy.contacts), declined: new Set(policy.declined) }
}

/**
 * Decides how `person` stands to `from`. Blocking wins over everything but the
 * person themselves. A person whose policy is not known has blocked nobody and
 * limits nobody.
 */
export function standingOf (view: PolicyView | undefined, { person, from, isKnown }: { person: Did, from: Did, isKnown: boolean }): Standing {
  if (from === person) return 'contact'
  if (view === undefined) return 'known'
  if (view.blocked.has(from)) return 'blocked'
  if (view.contacts.has(from)) return 'contact'
  return isKnown ? 'known' : 'stranger'
}

/** What a request asks for, and what waits already. */
export interface RequestQuestion {
  from: Did
  /** Messages that wait, of `from` and of all strangers who were not declined. */
  own: number
  total: number
  /** Messages that it would add. */
  adds: number
}

export type Judgement = { ok: true } | { ok: false, reason: string }

/** Decides whether a stranger may leave something more for a person. */
export function judgeRequest ({ policy, declined }: PolicyView, { from, own, total, adds }: RequestQuestion): Judgement {
  const { requestsPerStranger, requestsTotal } = policy.limits
  if (policy.strangers === 'refuse' || requestsPerStranger === 0 || requestsTotal === 0) return { ok: false, reason: 'this person takes no messages from people they do not know' }
  // Whoever was turned down hears what everybody hears who has had their turn.
  if (declined.has(from) || own + adds > requestsPerStranger) return { ok: false, reason: `this person takes ${inWords(requestsPerStranger)} from people they do not know` }
  if (total + adds > requestsTotal) return { ok: false, reason: 'too many people whom this person does not know wait for an answer already' }
  return { ok: true }
}

function inWords (messages: number): string {
  return messages === 1 ? 'one message' : `${messages} messages`
}

/** What one message of a stranger may have. The first segment has a fifth of a second, every other about one. */
export function requestVoiceLimits ({ requestSeconds, requestBytes }: StrangerLimits): { maxSegments: number, maxMessageBytes: number } {
  return { maxSegments: requestSeconds + 1, maxMessageBytes: requestBytes }
}

/** Actions that the log of a stranger's conversation may have for each message of theirs that may wait. */
export const ACTIONS_PER_REQUEST = 32

/** How a conversation stands that a peer wants to give or to have, for one of the persons answered for. */
export type ConversationStanding =
  /** `from` is undefined when the peer is a device of the person. */
  | { type: 'free', person: Did, from: Did | undefined }
  | { type: 'stranger', person: Did, from: Did }
  | { type: 'hidden' }

export interface ConversationQuestion {
  /** One of the persons answered for. */
  person: Did
  /** For whom the peer stands. */
  peers: readonly Did[]
  access: readonly Did[]
  /** The conversation is here already. */
  held: boolean
}

/**
 * Decides for one person. A conversation that is here stays open to somebody
 * who is blocked as long as others than the blocked are in it; a new one that
 * only the blocked bring is not taken, whoever else it names.
 */
export function conversationStanding (standing: (from: Did) => Standing, { person, peers, access, held }: ConversationQuestion): ConversationStanding {
  if (peers.includes(person)) return { type: 'free', person, from: undefined }
  const senders = peers.filter(peer => access.includes(peer)).map(from => ({ from, standing: standing(from) }))
  const trusted = senders.find(sender => sender.standing === 'contact' || sender.standing === 'known')
  if (trusted !== undefined) return { type: 'free', person, from: trusted.from }
  const stranger = senders.find(sender => sender.standing === 'stranger')
  if (stranger !== undefined) return { type: 'stranger', person, from: stranger.from }
  // The access rule of the sync says what becomes of a peer that is in no conversation with anybody here.
  const [blocked] = senders
  if (blocked === undefined) return { type: 'free', person, from: undefined }
  const others = access.some(other => other !== person && standing(other) !== 'blocked')
  return held && others ? { type: 'free', person, from: blocked.from } : { type: 'hidden' }
}

/** The best of what holds for several persons: whoever is not blocked by one of them reaches that one. */
export function bestStanding (standings: ConversationStanding[]): ConversationStanding {
  return standings.find(({ type }) => type === 'free') ?? standings.find(({ type }) => type === 'stranger') ?? { type: 'hidden' }
}
