import { CID, type Change, type Store } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { logsLinkedBy } from '../format/logs-linked.ts'
import { keyName } from '../format/key-name.ts'
import { parseAction } from '../format/parse-action.ts'
import { looksLikeBasics } from '../format/basics.ts'
import type { LogIndex } from '../log/log-index.ts'
import { accessOf, formerOf } from '../log/log-view.ts'
import type { OpenLogs } from '../log/open-logs.ts'
import { GUESTS_PREFIX } from './guests-prefix.ts'
import type { GuestLog, GuestPair } from './types.ts'

/** Conversations of one guest log: one is meant to be there, and nobody is to fill a proxy with more. */
const MAX_SHARED = 8

/** Knows the guest logs of this store by the conversations they share. Needs no keys. */
export interface GuestBook {
  /** Reads the marks; to be awaited before anything else. */
  load(): Promise<void>
  /** Returns the marks to commit with blocks of a guest log; none for other logs. */
  marks(changes: Change[], log: { id: CID, index: LogIndex }): Change[]
  /** Tells whether a conversation may have guests. */
  has(conversation: CID): boolean
  /** Returns the conversations that a guest log shares. */
  sharedBy(log: CID): CID[]
  /** Returns every conversation that a guest log here shares. */
  all(): CID[]
  logsOf(conversation: CID): Promise<GuestLog[]>
  /** Returns who reads a conversation now without being in it, by which host. */
  pairsOf(conversation: CID): Promise<GuestPair[]>
}

/** Creates the book. Guest logs are asked in tasks of their own, and never ask about the conversations they share. */
export function createGuestBook ({ store, logs }: { store: Store, logs: () => OpenLogs }): GuestBook {
  const shared = new Map<string, Map<string, CID>>()
  const sharers = new Map<string, Map<string, CID>>()
  const note = (conversation: CID, log: CID): void => {
    const [name, logName] = [conversation.toString(), log.toString()]
    const known = sharers.get(name) ?? new Map<string, CID>()
    sharers.set(name, known.set(logName, log))
    shared.set(logName, (shared.get(logName) ?? new Map<string, CID>()).set(name, conversation))
  }
  const look = async (id: CID): Promise<GuestLog | undefined> => await logs().run(id, async log => {
    if (log === undefined) return undefined
    const host = didFromPublicKey(log.index.basics.creator)
    const isGuest = (did: Did): boolean => did !== host
    return { id, host, guests: accessOf(log.index).filter(isGuest), former: formerOf(log.index).map(({ did }) => did).filter(isGuest) }
  })
  const logsOf: GuestBook['logsOf'] = async conversation => {
    const found = await Promise.all([...sharers.get(conversation.toString())?.values() ?? []].map(look))
    return found.filter(log => log !== undefined)
  }
  return {
    async load () {
      for await (const { key } of store.entries(GUESTS_PREFIX)) {
        const [conversation = '', log = ''] = key.slice(GUESTS_PREFIX.length).split('/')
        note(CID.parse(conversation), CID.parse(log))
      }
    },
    marks (changes, { id, index }) {
      if (!index.isGuest) return []
      return changes.flatMap(change => change.type === 'block' && !looksLikeBasics(change.bytes) ? sharedIn(change.bytes, index) : []).flatMap((conversation): Change[] => {
        const known = shared.get(id.toString())
        if ((known?.size ?? 0) >= MAX_SHARED && known?.has(conversation.toString()) !== true) return []
        note(conversation, id)
        return [{ type: 'put', key: `${GUESTS_PREFIX}${conversation.toString()}/${id.toString()}`, value: Uint8Array.of(1) }]
      })
    },
    has: conversation => sharers.has(conversation.toString()),
    sharedBy: log => [...shared.get(log.toString())?.values() ?? []],
    all: () => [...sharers.keys()].map(name => CID.parse(name)),
    logsOf,
    pairsOf: async conversation => (await logsOf(conversation)).flatMap(({ host, guests }) => guests.map(guest => ({ host, guest })))
  }
}

/** Returns what a block of a guest log names in clear. Only whoever made the log shares by it. */
function sharedIn (block: Uint8Array, { creatorName }: LogIndex): CID[] {
  const action = parseAction(block)
  return keyName(block, action.personAt) === creatorName ? logsLinkedBy(action) : []
}
