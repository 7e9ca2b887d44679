import type { Draft } from '../actions/draft.ts'
import type { Item } from '../actions/editing.ts'
import { NoSuchItemError } from '../errors.ts'
import type { Verbs } from './types.ts'
import type { VerbTools } from './verbs.ts'

type ConversationVerbs = Pick<Verbs, 'rename' | 'lockSubject' | 'releaseSubject' | 'expire' | 'label' | 'unlabel' | 'seen'>

/** What is done with the conversation as a whole. */
export function conversationVerbs ({ write }: VerbTools): ConversationVerbs {
  return {
    rename: async (subject, { follows, release, ...options } = {}) => await write(draft => ({
      verb: 'modify', thing: 'subject', subject, follows: follows ?? subjectOf(draft).version, release: release === true ? true : undefined
    }), options),
    lockSubject: async ({ follows, ...options } = {}) => await write(draft => ({ verb: 'lock', thing: 'subject', follows: follows ?? subjectOf(draft).version }), options),
    releaseSubject: async options => await write(draft => {
      const { lock } = subjectOf(draft)
      if (lock === undefined) throw new NoSuchItemError('lock', 'subject')
      return { verb: 'release', thing: 'subject', lock: lock.action }
    }, options),
    expire: async (expiresAt, options) => await write(draft => ({ verb: 'modify', thing: 'expiry', expiresAt, follows: draft.expiry.get()?.version ?? null }), options),
    label: async (label, options) => await write(() => ({ verb: 'add', thing: 'label', label }), options),
    unlabel: async (label, options) => await write(() => ({ verb: 'delete', thing: 'label', label }), options),
    seen: async (action, options) => await write(() => ({ verb: 'seen', thing: 'action', action }), options)
  }
}

function subjectOf (draft: Draft): Item<string> {
  const subject = draft.subject.get()
  if (subject === undefined) throw new NoSuchItemError('subject', '')
  return subject
}
