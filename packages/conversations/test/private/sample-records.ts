import { cidOf } from '@parley/core'
import type { ConversationDraft, MarksChange, MessageDraft } from '../../src/index.ts'
import { DRAFTS_COLLECTION, records } from '../../src/drafts/draft-records.ts'
import { TEXTS_COLLECTION, textCodec } from '../../src/drafts/message-drafts.ts'
import { noMarks } from '../../src/private/marks.ts'
import { MARKS_COLLECTION, recordsOf } from '../../src/private/mark-records.ts'

/** A record of a home log as the vectors have it; the value in hex. */
export interface SampleRecord { collection: string, key: string, value: string }

const filled = (value: number, length: number): Uint8Array => new Uint8Array(length).fill(value)
export const conversation = cidOf(new TextEncoder().encode('a conversation'))
export const device = 'did:key:z6MkvQgsTGMCUb1WjmkRbbYpjLZRXrVYQvQNSXGgNzWNBqj5'
const point = { action: cidOf(new TextEncoder().encode('an action')), wallMs: 1_700_000_000_000, counter: 3 }

/** All the marks that there are. */
export const marks: MarksChange = {
  labels: { add: ['work', 'ünï/code'] },
  note: 'Call back – Zoë',
  muted: { until: 1_700_000_600_000 },
  archived: point,
  favourite: true,
  unread: true,
  readTo: point,
  notices: false,
  played: { '00112233445566778899aabbccddeeff': { positionMs: 4200, done: true } }
}

export const draft: ConversationDraft = {
  id: '0f0e0d0c0b0a09080706050403020100',
  begun: 1_700_000_000_000,
  subject: 'Dinner – with Zoë',
  participants: [{ did: device, name: 'Zoë', permission: 'comment', history: 'from-now' }],
  items: [{ id: 'ffeeddccbbaa99887766554433221100', order: 2, content: { verb: 'add', thing: 'message', message: filled(7, 16), body: 'Hungry?' } }],
  publishing: { conversation, time: 1_700_000_100_000, salt: filled(9, 16), subject: 'Dinner – with Zoë' }
}

export const text: MessageDraft = { body: 'I was about', format: 'markdown', parent: filled(5, 16), part: { from: 1, to: 4 } }

/** Returns the records of the samples, as they are written now. */
export function sampleRecords (): SampleRecord[] {
  const { begun, subject, participants, items, publishing } = draft
  const ofDraft = [records.begun(begun), records.subject(subject), ...participants.map(records.person), ...items.map(records.item), ...publishing === undefined ? [] : [records.publication(publishing)]]
  return [
    ...recordsOf(conversation, device, noMarks(), marks),
    ...ofDraft.map(({ name, value }) => ({ collection: DRAFTS_COLLECTION, key: `${draft.id}/${name}`, value })),
    { collection: TEXTS_COLLECTION, key: conversation.toString(), value: textCodec.encode({ v: 1, ...text }) },
    { collection: MARKS_COLLECTION, key: 'default/notices', value: Uint8Array.from([0xa2, 0x61, 0x76, 1, 0x64, ...new TextEncoder().encode('send'), 0xf5]) }
  ].map(({ collection, key, value }) => ({ collection, key, value: Buffer.from(value ?? []).toString('hex') }))
}
