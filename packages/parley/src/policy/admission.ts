import type { CID, Clock } from '@parley/core'
import type { Conversations, SyncAnswer, SyncQuestion } from '@parley/conversations'
import type { Did } from '@parley/identity'
import type { ConversationBook } from './conversation-book.ts'
import { countMessages, gatherUnanswered, isUnspoken, type Place, type Unanswered } from './pending-requests.ts'
import { ACTIONS_PER_REQUEST, bestStanding, conversationStanding, judgeRequest, requestVoiceLimits, standingOf, type Judgement, type PolicyView, type Standing } from './policy-rules.ts'
import type { Policies } from './policy-store.ts'

/** What is to become of an offer. */
export type OfferAnswer = { type: 'take' } | { type: 'ignore' } | { type: 'refuse', reason: string }

/** What is to become of a spoken message; `hidden`: as if nobody in it were answered for. */
export type VoiceAnswer = { type: 'take', limits?: { maxSegments: number, maxMessageBytes: number } } | { type: 'hidden' } | { type: 'refuse', reason: string }

export interface VoiceQuestion {
  /** The persons answered for who are in the conversation. */
  to: readonly Did[]
  from: Did
  conversation: CID
  /** Its id in hex. */
  voice: string
  /** Another message of `from` is being spoken here. */
  isSpeaking: boolean
}

/** Applies policies to what comes: the same at a device and at a proxy. */
export interface Admission {
  /** How `person` stands to `from`, by the policy and the conversations held here. */
  standing(person: Did, from: Did): Standing
  offer(person: Did, from: Did): Promise<OfferAnswer>
  /** Decides about a conversation on a sync; the place that a stranger is given is theirs for a minute. */
  conversation(question: SyncQuestion): Promise<SyncAnswer & { from?: Did }>
  /** Decides about a spoken message; the place that a stranger is given is theirs for a minute. */
  voice(question: VoiceQuestion): Promise<VoiceAnswer>
}

export interface AdmissionComponents {
  policies: Policies
  book: ConversationBook
  conversations: Conversations
  clock: Clock
}

/** A place that was given and not used after this time is free again. */
const RESERVED_MS = 60_000

export function createAdmission ({ policies, book, conversations, clock }: AdmissionComponents, { persons }: { persons: () => readonly Did[] }): Admission {
  const places = new Map<string, Place & { person: Did, until: number }>()

  const standing = (person: Did, from: Did): Standing => standingOf(policies.get(person), { person, from, isKnown: book.knows(person, from) })

  const reserve = (place: Place & { person: Did }): void => {
    places.set(`${place.person} ${place.conversation} ${place.voice ?? ''}`, { ...place, until: clock.monotonicNow() + RESERVED_MS })
  }
  const unanswered = (person: Did): Map<string, Unanswered> => {
    const now = clock.monotonicNow()
    for (const [key, { until }] of places) if (until <= now) places.delete(key)
    return gatherUnanswered(book.unanswered(person), [...places.values()].filter(place => place.person === person))
  }
  const judge = (view: PolicyView, from: Did, adds: number): Judgement => {
    const { person } = view.policy
    const counts = countMessages(unanswered(person).values())
    let total = 0
    for (const [stranger, messages] of counts) {
      if (!view.declined.has(stranger) && standing(person, stranger) === 'stranger') total += messages
    }
    return judgeRequest(view, { from, own: counts.get(from) ?? 0, total, adds })
  }

  const offer: Admission['offer'] = async (person, from) => {
    await book.settled()
    const [how, view] = [standing(person, from), policies.get(person)]
    if (how === 'blocked') return { type: 'ignore' }
    if (how !== 'stranger' || view === undefined) return { type: 'take' }
    // Whose conversation is here may say now what it was begun for.
    const begun = [...unanswered(person).values()].some(conversation => isUnspoken(conversation, from))
    const judgement = judge(view, from, begun ? 0 : 1)
    return judgement.ok ? { type: 'take' } : { type: 'refuse', reason: judgement.reason }
  }

  /** A stranger's conversation ends at some size; one that somebody else began is theirs to bound. */
  const judgeGrowth = async ({ policy }: PolicyView, { conversation, blocks }: SyncQuestion): Promise<Judgement> => {
    const creator = book.get(conversation)?.creator
    if (creator !== undefined && standing(policy.person, creator) !== 'stranger') return { ok: true }
    const actions = (await conversations.holder(conversation).frontier()).reduce((sum, { seq }) => sum + seq + 1, 0)
    const most = ACTIONS_PER_REQUEST * Math.max(1, policy.limits.requestsPerStranger)
    return actions + blocks <= most ? { ok: true } : { ok: false, reason: 'this person takes no more from people they do not know until they answer' }
  }

  const conversation: Admission['conversation'] = async question => {
    await book.settled()
    const { persons: peers, access, held, blocks } = question
    const ours = persons().filter(person => access.includes(person))
    if (ours.length === 0) return { ok: true }
    const best = bestStanding(ours.map(person => conversationStanding(from => standing(person, from), { person, peers, access, held })))
    if (best.type === 'hidden') return { ok: false, unknown: true }
    const admitted = { ok: true as const, ...best.from === undefined ? {} : { from: best.from } }
    const view = best.type === 'stranger' ? policies.get(best.person) : undefined
    // What a stranger reads here they may have anyway.
    if (best.type === 'free' || view === undefined || blocks === 0) return admitted
    const judgement = held ? await judgeGrowth(view, question) : judge(view, best.from, 1)
    if (!judgement.ok) return judgement
    if (!held) reserve({ person: best.person, from: best.from, conversation: question.conversation.toString() })
    return admitted
  }

  const voice: Admission['voice'] = async ({ to, from, conversation: id, voice: name, isSpeaking }) => {
    await book.settled()
    const entry = book.get(id)
    if (entry?.access.includes(from) !== true) return { type: 'hidden' }
    const best = bestStanding(to.map(person => conversationStanding(other => standing(person, other), { person, peers: [from], access: entry.access, held: false })))
    if (best.type === 'hidden') return { type: 'hidden' }
    const view = best.type === 'stranger' ? policies.get(best.person) : undefined
    if (best.type === 'free' || view === undefined) return { type: 'take' }
    const limits = requestVoiceLimits(view.policy.limits)
    // One that goes on after its link broke has its place.
    if (entry.voices.has(name)) return { type: 'take', limits }
    if (isSpeaking) return { type: 'refuse', reason: 'this person takes one message at a time from people they do not know' }
    const begun = unanswered(best.person).get(id.toString())
    const judgement = judge(view, from, begun !== undefined && isUnspoken(begun, from) ? 0 : 1)
    if (!judgement.ok) return { type: 'refuse', reason: judgement.reason }
    reserve({ person: best.person, from, conversation: id.toString(), voice: name })
    return { type: 'take', limits }
  }

  return { standing, offer, conversation, voice }
}
