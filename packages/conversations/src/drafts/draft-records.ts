import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { textSchema } from '../actions/content.ts'
import { decodeContent, encodeContent } from '../actions/registry.ts'
import { MAX_SUBJECT_CHARS } from '../format/limits.ts'
import type { ConversationDraft, DraftItem, DraftParticipant, Publication } from './conversation-draft.ts'

/** The collection of the home log in which drafts of conversations are. */
export const DRAFTS_COLLECTION = 'drafts'

const MAX_VALUE_BYTES = 48 * 1024
const MAX_NAME_CHARS = 256

const codecOf = <V>(what: string, shape: z.core.$ZodShape): Codec<V & { v: 1 }> =>
  createCodec<V & { v: 1 }>(what, z.strictObject({ v: z.literal(1), ...shape }) as unknown as z.ZodMiniType<V & { v: 1 }>, { maxBytes: MAX_VALUE_BYTES })

const begunCodec = codecOf<{ at: number }>('beginning of a draft', { at: countSchema() })
const subjectCodec = codecOf<{ text: string }>('subject of a draft', { text: textSchema(MAX_SUBJECT_CHARS) })
const personCodec = codecOf<Omit<DraftParticipant, 'did'>>('participant of a draft', {
  name: z.optional(textSchema(MAX_NAME_CHARS)),
  permission: z.enum(['read', 'comment', 'write', 'full']),
  history: z.enum(['all', 'from-now'])
})
const itemCodec = codecOf<{ order: number, content: Uint8Array }>('item of a draft', { order: countSchema(), content: bytesSchema({ maxBytes: MAX_VALUE_BYTES }) })
const publicationCodec = codecOf<Publication>('publication of a draft', {
  conversation: cidSchema,
  time: countSchema(),
  salt: bytesSchema({ exactBytes: 16 }),
  subject: textSchema(MAX_SUBJECT_CHARS)
})

/** One record of a draft: what its key has after the draft's id, and its value; without one it is deleted. */
export interface DraftRecord { name: string, value: Uint8Array | undefined }

export const records = {
  begun: (at: number): DraftRecord => ({ name: 'begun', value: begunCodec.encode({ v: 1, at }) }),
  subject: (text: string): DraftRecord => ({ name: 'subject', value: subjectCodec.encode({ v: 1, text }) }),
  person: ({ did, name, permission, history }: DraftParticipant): DraftRecord => ({
    name: `person/${did}`,
    value: personCodec.encode({ v: 1, ...(name === undefined ? {} : { name }), permission, history })
  }),
  item: ({ id, order, content }: DraftItem): DraftRecord => ({ name: `item/${id}`, value: itemCodec.encode({ v: 1, order, content: encodeContent(content) }) }),
  publication: (publication: Publication): DraftRecord => ({ name: 'publishing', value: publicationCodec.encode({ v: 1, ...publication }) }),
  /** Takes a record away. */
  without: (name: string): DraftRecord => ({ name, value: undefined })
}

/** Creates what collects the records of one draft. Without its beginning it is none: somebody discarded it while another device changed it. */
export function createDraftFold (id: string, onBad: (name: string, error: Error) => void): { add(name: string, value: Uint8Array): void, draft(): ConversationDraft | undefined } {
  let begun: number | undefined
  let subject = ''
  let publishing: Publication | undefined
  const participants: DraftParticipant[] = []
  const items: DraftItem[] = []
  const apply = (kind: string, rest: string, value: Uint8Array): void => {
    if (kind === 'begun') begun = begunCodec.decode(value).at
    else if (kind === 'subject') subject = subjectCodec.decode(value).text
    else if (kind === 'person') {
      const { v: _version, ...participant } = personCodec.decode(value)
      participants.push({ did: rest, ...participant })
    } else if (kind === 'item') {
      const { order, content } = itemCodec.decode(value)
      items.push({ id: rest, order, content: decodeContent(content) })
    } else if (kind === 'publishing') {
      const { v: _version, ...publication } = publicationCodec.decode(value)
      publishing = publication
    }
  }
  return {
    add (name, value) {
      const [kind = '', ...rest] = name.split('/')
      try {
        apply(kind, rest.join('/'), value)
      } catch (error) {
        onBad(name, error as Error)
      }
    },
    draft: () => begun === undefined ? undefined : {
      id,
      begun,
      subject,
      participants: participants.toSorted((a, b) => compareTexts(a.did, b.did)),
      items: items.toSorted((a, b) => a.order - b.order || compareTexts(a.id, b.id)),
      ...(publishing === undefined ? {} : { publishing })
    }
  }
}

function compareTexts (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
