import type { HybridTime } from '@parley/core'
import type { Did } from '@parley/identity'
import type { StoredExternal } from './records.ts'
import type { IndexDocument } from './types.ts'

/** What is looked at of a message. */
export interface SearchableMessage {
  readonly id: string
  readonly author: Did
  readonly time: Pick<HybridTime, 'wallMs'>
  readonly body?: string | undefined
  readonly deleted?: unknown
  readonly attachments?: ReadonlyArray<{ readonly name: string }> | undefined
}

/** What is looked at of something that is no text. */
export interface SearchableExtra {
  readonly id: string
  readonly author: Did
  readonly time: Pick<HybridTime, 'wallMs'>
  readonly message?: string | undefined
  readonly text?: string | undefined
}

/** What is looked at of a conversation's state. */
export interface SearchableState {
  readonly subject: string | undefined
  readonly created: number
  readonly unreadable: number
  readonly participants: ReadonlyArray<{ readonly did: Did, readonly name?: string | undefined }>
  readonly labels?: readonly string[] | undefined
  readonly messages: readonly SearchableMessage[]
  readonly extras?: readonly SearchableExtra[] | undefined
}

/** What a person has for themselves of a conversation. */
export interface OwnWords {
  labels: readonly string[]
  /** Their own names for its participants. */
  names: readonly string[]
}

/** Returns what a conversation is found by itself. */
export function conversationDocument (group: string, { subject, created, participants, labels = [] }: SearchableState, own: OwnWords): IndexDocument {
  const names = new Set([...participants.flatMap(({ name }) => name === undefined ? [] : [name]), ...own.names])
  return {
    id: 'conversation',
    group,
    kind: 'conversation',
    time: created,
    fields: [
      { field: 'subject' as const, text: subject ?? '' },
      { field: 'names' as const, text: [...names].join(', ') },
      { field: 'labels' as const, text: [...new Set([...labels, ...own.labels])].join(', ') }
    ].filter(({ text }) => text !== '')
  }
}

/** Returns what a message is found by: nothing where it was deleted. */
export function messageDocuments (group: string, { id, author, time, body, deleted, attachments = [] }: SearchableMessage): IndexDocument[] {
  if (deleted !== undefined) return []
  const common = { group, message: id, author, time: time.wallMs }
  return [
    ...body === undefined || body === '' ? [] : [{ ...common, id: `message/${id}`, kind: 'message' as const, fields: [{ field: 'text' as const, text: body }] }],
    ...attachments.map(({ name }, index) => ({ ...common, id: `file/${id}/${index}`, kind: 'file' as const, fields: [{ field: 'text' as const, text: name }] }))
  ]
}

/** Returns what an extra is found by: nothing where it was deleted. */
export function extraDocuments (group: string, { id, author, time, message, text }: SearchableExtra): IndexDocument[] {
  if (text === undefined || text === '') return []
  return [{ id: `extra/${id}`, group, kind: 'extra', message, author, time: time.wallMs, fields: [{ field: 'text', text }] }]
}

/** Returns what a text from elsewhere is found by: nothing where its message is not there. */
export function externalDocument (group: string, { message, kind, text }: StoredExternal, about: SearchableMessage | undefined): IndexDocument[] {
  if (about === undefined || about.deleted !== undefined || text === '') return []
  return [{ id: `${kind}/${message}`, group, kind, message, author: about.author, time: about.time.wallMs, fields: [{ field: 'text', text }] }]
}
