import { CID, InvalidBytesError, OversizedBytesError, type Change, type Codec, type Logger, type RandomBytes, type Store } from '@parley/core'
import { UndecryptableError, decryptContent, encryptContent } from '@parley/identity'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { hex } from '../format/hex.ts'
import type { LogPoint } from '../private/log-point.ts'
import { summaryCodec, unreadCodec, type Summary } from './summary.ts'

/** Where the store keeps the list: sealed under a key of this device. */
export interface SummaryStore {
  /** Yields the summaries; one that is damaged comes without. */
  all(): AsyncGenerator<{ id: CID, summary: Summary | undefined }>
  put(id: CID, summary: Summary): Change
  remove(id: CID): Change
  /** Yields the unread messages of a conversation, with the keys of their entries. */
  unread(id: CID): AsyncGenerator<{ key: string, point: LogPoint | undefined }>
  putUnread(id: CID, point: LogPoint): Change
  /** Tells whether a list of everything was made once. */
  isComplete(): Promise<boolean>
  complete(): Change
}

const ROOT = '/list/'
const ENTRIES = `${ROOT}entries/`
const COMPLETE = `${ROOT}complete`
/** Of the form of what is kept: another one is made anew. */
const VERSION = 1

export function createSummaryStore ({ store, random, logger, storageKey }: { store: Pick<Store, 'entries' | 'get'>, random: RandomBytes, logger: Logger, storageKey: Uint8Array }): SummaryStore {
  const text = new TextEncoder()
  const nameKey = hmac(sha256, storageKey, text.encode('parley/1/list-names'))
  const seal = <T> (key: string, codec: Codec<T>, value: T): Change => ({ type: 'put', key, value: encryptContent(storageKey, codec.encode(value), text.encode(key), random) })
  const open = <T> (key: string, codec: Codec<T>, bytes: Uint8Array): T | undefined => {
    try {
      return codec.decode(decryptContent(storageKey, bytes, text.encode(key)))
    } catch (error) {
      if (!(error instanceof UndecryptableError || error instanceof InvalidBytesError || error instanceof OversizedBytesError)) throw error
      logger.warn('an entry of the list is damaged', { key, reason: error.message })
      return undefined
    }
  }
  const unreadOf = (id: CID): string => `${ROOT}unread/${id.toString()}/`
  // Which actions are messages is nobody's business.
  const unreadName = ({ action }: LogPoint): string => hex(hmac(sha256, nameKey, action.multihash.digest).subarray(0, 16))
  return {
    async * all () {
      for await (const { key, value } of store.entries(ENTRIES)) {
        const opened = open(key, summaryCodec, value)
        yield { id: CID.parse(key.slice(ENTRIES.length)), summary: opened === undefined ? undefined : withoutVersion(opened) }
      }
    },
    put: (id, summary) => seal(ENTRIES + id.toString(), summaryCodec, defined({ v: 1 as const, ...summary })),
    remove: id => ({ type: 'delete', key: ENTRIES + id.toString() }),
    async * unread (id) {
      for await (const { key, value } of store.entries(unreadOf(id))) {
        const point = open(key, unreadCodec, value)
        yield { key, point }
      }
    },
    putUnread: (id, point) => seal(unreadOf(id) + unreadName(point), unreadCodec, { v: 1, action: point.action, wallMs: point.wallMs, counter: point.counter }),
    isComplete: async () => (await store.get(COMPLETE))?.[0] === VERSION,
    complete: () => ({ type: 'put', key: COMPLETE, value: Uint8Array.of(VERSION) })
  }
}

function withoutVersion ({ v: _version, ...summary }: Summary & { v: 1 }): Summary {
  return summary
}

/** Leaves out what is undefined, which DAG-CBOR cannot say. */
function defined<T extends object> (value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}
