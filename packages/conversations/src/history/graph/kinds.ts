import type { DecodedAction } from '../../types.ts'

/** What an action is drawn as. */
export type GraphKind = 'message' | 'people' | 'conversation' | 'attachment' | 'mark' | 'extra' | 'sealed'

interface Drawn { title: string, /** Legible on light and dark ground. */ colour: string }

/** How each kind is drawn and named in the legend, in its order. */
export const KINDS: Readonly<Record<GraphKind, Drawn>> = {
  conversation: { title: 'subject, expiry', colour: '#0e8f8a' },
  people: { title: 'participants', colour: '#9257d6' },
  message: { title: 'messages', colour: '#3679d0' },
  attachment: { title: 'attachments', colour: '#3c9440' },
  extra: { title: 'extras, calls', colour: '#b8682a' },
  mark: { title: 'seen, played, reactions, labels', colour: '#7d8794' },
  sealed: { title: 'cannot be read here', colour: '#7d8794' }
}

const OF_THING: Readonly<Record<string, GraphKind>> = {
  conversation: 'conversation',
  subject: 'conversation',
  expiry: 'conversation',
  participant: 'people',
  message: 'message',
  attachment: 'attachment',
  extra: 'extra',
  response: 'extra',
  call: 'extra',
  label: 'mark',
  reaction: 'mark',
  action: 'mark',
  record: 'mark',
  records: 'mark'
}

/** Tells what an action is drawn as; one of a kind that came later counts as an extra. */
export function kindOf ({ content }: Pick<DecodedAction, 'content'>): GraphKind {
  if (content === undefined) return 'sealed'
  return content.verb === 'played' ? 'mark' : OF_THING[content.thing] ?? 'extra'
}
