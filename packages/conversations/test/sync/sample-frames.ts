import { cidOf } from '@parley/core'
import type { MailboxFrame } from '../../src/mailbox/frames.ts'
import type { SyncFrame } from '../../src/sync/frames.ts'
import type { WindowFrame } from '../../src/window/frames.ts'

const conversation = cidOf(new Uint8Array([1, 2, 3]))
const action = cidOf(new Uint8Array([4, 5, 6]))
const key = new Uint8Array(32).map((_, index) => index)
const box = new Uint8Array(16).map((_, index) => 255 - index)

/** One frame of each type, and the smallest of those that hold lists. */
export const syncFrames: Record<string, SyncFrame> = {
  hello: { v: 1, type: 'hello', conversation, live: true, cards: [new Uint8Array([0x82, 1, 2])], frontier: [[key, 41, action]] },
  'hello that knows nothing': { v: 1, type: 'hello', conversation, live: false, cards: [], frontier: [] },
  cards: { v: 1, type: 'cards', cards: [new Uint8Array([0x82, 3, 4])] },
  batch: { v: 1, type: 'batch', n: 0, blocks: [new Uint8Array([1, 2, 3]), new Uint8Array(300).fill(7)] },
  ack: { v: 1, type: 'ack', through: 3, refused: 1 },
  done: { v: 1, type: 'done', batches: 3 },
  refuse: { v: 1, type: 'refuse', error: 'NotAllowedError', message: 'did:key:z6Mk may not see this conversation' },
  list: { v: 1, type: 'list', cards: [] },
  entries: { v: 1, type: 'entries', entries: [[conversation, key]], last: false },
  'last entries': { v: 1, type: 'entries', entries: [], last: true }
}

export const mailboxFrames: Record<string, MailboxFrame> = {
  hello: { v: 1, type: 'hello', box, after: 12, live: true, card: new Uint8Array([0x82, 1, 2]) },
  'first hello': { v: 1, type: 'hello', box: null, after: 0, live: false, card: null },
  welcome: { v: 1, type: 'welcome', box, after: 12 },
  items: {
    v: 1, type: 'items', items: [
      { seq: 13, kind: 'message', conversation, payload: new Uint8Array([9, 8, 7]), at: 1_700_000_000_000 },
      { seq: 15, kind: 'capture.cut-off', conversation: null, payload: new Uint8Array(), at: 1_700_000_000_001 }
    ]
  },
  current: { v: 1, type: 'current' },
  ack: { v: 1, type: 'ack', upTo: 15, reason: 'have' },
  'ack of what is not wanted': { v: 1, type: 'ack', upTo: 15, reason: 'refused' },
  refuse: { v: 1, type: 'refuse', error: 'NotAllowedError', message: 'no live device' }
}

export const windowFrames: Record<string, WindowFrame> = {
  ask: { v: 1, type: 'ask', conversation, before: action, count: 50, cards: [new Uint8Array([0x82, 1, 2])] },
  'first ask': { v: 1, type: 'ask', conversation, before: null, count: 512, cards: [] },
  head: { v: 1, type: 'head', basics: new Uint8Array([0xa4, 1]), keys: [new Uint8Array(300).fill(5)], cards: [new Uint8Array([0x82, 3, 4])] },
  blocks: { v: 1, type: 'blocks', blocks: [new Uint8Array([1, 2, 3]), new Uint8Array(300).fill(7)], last: false },
  'last blocks': { v: 1, type: 'blocks', blocks: [], last: true },
  refuse: { v: 1, type: 'refuse', error: 'UnknownActionError', message: 'the action is not in this log' }
}
