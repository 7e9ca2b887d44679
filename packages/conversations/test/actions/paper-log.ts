import { DAG_CBOR, cidOf, createSeededRandom, type CID } from '@parley/core'
import { createSigner, publicKeyFromDid, type Did } from '@parley/identity'
import type { Draft } from '../../src/actions/draft.ts'
import { objectionTo } from '../../src/actions/registry.ts'
import { hashSubject } from '../../src/format/basics.ts'
import { keyName } from '../../src/format/key-name.ts'
import type { ParsedAction } from '../../src/format/parse-action.ts'
import type { Content, Permission } from '../../src/index.ts'
import { LogEntry } from '../../src/read/log-entry.ts'
import { createStateFold, type StateFold, type Standing } from '../../src/read/state-fold.ts'

/** An action of a log without blocks, signatures and seals. */
export interface PaperAction {
  by: Did
  content: Content
  wallMs: number
  /** What its author had seen of who may do what. */
  members: ReadonlyMap<Did, Permission>
  cid: CID
}

export const SALT = new Uint8Array(16).fill(3)
export const START_MS = 1_700_000_000_000

export async function createDids (count: number): Promise<Did[]> {
  const random = createSeededRandom(count)
  return await Promise.all(Array.from({ length: count }, async () => (await createSigner(random(32))).did))
}

/** Returns an id of 16 bytes. */
export const bytes16 = (value: number): Uint8Array => new Uint8Array(16).fill(value)

/** Returns the CID of an action that is called so. */
export const cidOfName = (name: string): CID => cidOf(new TextEncoder().encode(name), DAG_CBOR)

/** The fold that real logs have, over contents alone. */
export interface PaperLog {
  readonly fold: StateFold
  readonly draft: Draft
  /** Takes in an action, in whatever order they come. */
  add(action: PaperAction): LogEntry
  /** Returns what somebody would be told who is about to write. */
  objection(action: Omit<PaperAction, 'cid'>): Error | undefined
}

export function createPaperLog (creator: Did): PaperLog {
  const entries: LogEntry[] = []
  const byHash = new Map<string, LogEntry>()
  const standings = new Map<number, Standing | undefined>()
  const compare = (a: number, b: number): number => {
    const [left, right] = [entries[a], entries[b]]
    if (left === undefined || right === undefined || a === b) return 0
    return left.time.wallMs - right.time.wallMs || (left.cid.toString() < right.cid.toString() ? -1 : 1)
  }
  const rows = { find: (hash: Uint8Array) => byHash.get(keyName(hash))?.row ?? -1, compare }
  const log = { creator, subjectHash: hashSubject(SALT, 'Dinner'), isHome: false, rows }
  const standingOf = ({ by, members }: Pick<PaperAction, 'by' | 'members'>): Standing | undefined => {
    const permission = members.get(by)
    const names = new Map([...members].map(([did, permission]) => [keyName(publicKeyFromDid(did)), { permission, from: 0 }]))
    return permission === undefined ? undefined : { permission, members: names, personName: keyName(publicKeyFromDid(by)) }
  }
  const fold = createStateFold(log, ({ row }) => standings.get(row))
  return {
    fold,
    get draft () { return fold.draft() },
    add (given) {
      const row = entries.length
      const action = { time: { wallMs: given.wallMs, counter: 0, offsetMinutes: 0 }, seq: row, epoch: 0 } as unknown as ParsedAction
      const entry = new LogEntry({ conversation: given.cid, cid: given.cid, author: given.by, person: given.by, row, action })
      entry.content = given.content
      entries.push(entry)
      byHash.set(keyName(given.cid.multihash.digest), entry)
      standings.set(row, standingOf(given))
      fold.insert(entry)
      return entry
    },
    objection ({ by, content, wallMs, members }) {
      const standing = standingOf({ by, members }) ?? { permission: 'read', members: new Map(), personName: '' }
      return objectionTo(fold.draft(), { ...log, ...standing, person: by, device: by, time: { wallMs, counter: 0, offsetMinutes: 0 }, action: undefined, row: undefined }, content)
    }
  }
}
