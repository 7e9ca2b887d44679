import type { Clock, Logger, Store } from '@parley/core'
import type { Admits, Conversations } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { createAdmission, createPolicyHolder, openConversationBook, type Admission, type ConversationBook, type LogNotes } from 'parley'
import { createSenderQuota, type SenderQuota, type SenderQuotaInit } from '@parley/voice'

export interface PolicingComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  /** The notes of the store that `conversations` has. */
  notes: LogNotes
  clock: Clock
  logger: Logger
}

/** Holds the policies of the people served and applies them, and the quotas of senders, to everything that comes. */
export interface Policing {
  admission: Admission
  book: ConversationBook
  quota: SenderQuota
  /** For signalling: nobody hears from whom they blocked. */
  admitsCall(from: Did, to: Did): Promise<boolean>
  /** Tells whether a person takes anything at all from somebody. */
  takesFrom(person: Did, from: Did): boolean
  /** For the sync. */
  admitsConversation: Admits
  /** For the mailbox. */
  admitsItem(person: Did, from: Did): boolean
  stop(): Promise<void>
}

export async function openPolicing (components: PolicingComponents, { served, quota: quotaInit }: { served: () => Did[], quota?: SenderQuotaInit | undefined }): Promise<Policing> {
  const { conversations, people, clock, logger } = components
  const holder = await createPolicyHolder(components, { serves: served })
  const book = await openConversationBook({ conversations, people, notes: components.notes, logger }, served)
  const admission = createAdmission({ policies: holder.policies, book, conversations, clock }, { persons: served })
  const quota = createSenderQuota({ clock }, quotaInit)
  return {
    admission,
    book,
    quota,
    async admitsCall (from, to) {
      await book.settled()
      return admission.standing(to, from) !== 'blocked'
    },
    takesFrom (person, from) {
      const standing = admission.standing(person, from)
      return standing !== 'blocked' && (standing !== 'stranger' || holder.policies.get(person)?.policy.strangers !== 'refuse')
    },
    async admitsConversation (question) {
      const answer = await admission.conversation(question)
      if (!answer.ok || answer.from === undefined || question.blocks === 0) return answer
      const left = quota.take(answer.from, { bytes: question.sizeBytes, items: question.held ? 0 : 1 })
      return left ? answer : { ok: false, reason: quota.words }
    },
    admitsItem: (person, from) => admission.standing(person, from) !== 'blocked',
    async stop () {
      await book.stop()
      await holder.stop()
    }
  }
}
