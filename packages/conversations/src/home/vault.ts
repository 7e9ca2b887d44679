import { CID, sha256, type CancelTimer, type Change, type Clock, type Logger, type Store } from '@parley/core'
import { equals } from 'uint8arrays'
import { carriesKeys } from '../format/carries-keys.ts'
import { hex } from '../format/hex.ts'
import { parseAction, type ParsedAction } from '../format/parse-action.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { MAX_KEYS_PER_EPOCH, decodeKeys, type EpochKey, type Keyring } from '../read/keyring.ts'
import type { PreKeys } from '../pre-keys.ts'
import { isSealedTo, openCopies, type OpenedCopy, type Opener } from '../read/sealed-keys.ts'
import type { Home, RecordToPut } from './home.ts'
import type { KeysAside } from './keys-aside.ts'
import { OWED } from './owed-keys.ts'

/** The collection of the home log in which the keys of conversations are. */
export const VAULT_COLLECTION = 'keys'
/** What a mark says once its keys are kept aside. */
const IS_ASIDE = 2
/** Actions whose keys are brought into the vault together. */
const AT_ONCE = 256

/**
 * Keeps the keys of all conversations in the home log, so that whoever opens
 * that opens everything.
 *
 * With an action that hands keys to us a mark is stored, in the same commit.
 * What is marked is brought into the vault a moment later, and the mark taken
 * away: so nothing waits for the vault, and a kill loses nothing.
 */
export interface Vault {
  /** Returns the marks to commit with blocks of a conversation. */
  marks(changes: Change[]): Change[]
  /** Says that an action of ours handed on keys of this keyring, so that they need not be opened again. */
  handedOn(conversation: CID, keyring: Keyring): void
  /** Keeps keys of a conversation that came otherwise than sealed to us; false where there is no vault to write in. */
  keep(conversation: CID, keys: EpochKey[]): Promise<boolean>
  /** Returns the keys of a conversation. */
  keysOf(conversation: CID): Promise<EpochKey[]>
  /** Brings what is marked into the vault; false when something is marked still. */
  flush(): Promise<boolean>
  /** Flushes once more, and sets no timer any more. */
  stop(): Promise<void>
}

export interface VaultComponents {
  store: Store
  clock: Clock
  logger: Logger
  openers: readonly Opener[]
  /** The 32-byte key of this device. */
  device: Uint8Array
  aside: KeysAside
  preKeys?: Pick<PreKeys, 'used'> | undefined
  /** Returns the home where this device may, and should, write in it now. */
  writableHome(): Promise<Home | undefined>
  /** Returns the home where there is one. */
  home(): Promise<Home | undefined>
}

/** Creates the vault, which begins with what an earlier process left marked. */
export function createVault ({ store, clock, logger, openers, device, aside, preKeys, writableHome, home }: VaultComponents, { settleMs }: { settleMs: number }): Vault {
  let timer: CancelTimer | undefined
  let flushing: Promise<void> = Promise.resolve()
  let stopped = false
  const made = new Map<string, Keyring>()

  const settle = (): void => {
    if (timer !== undefined || stopped) return
    timer = clock.setTimer(() => {
      timer = undefined
      void flush()
    }, settleMs)
  }
  /** Nobody has keys of later epochs, and no honest epoch has many: what is more is somebody's mischief, and ours to keep for good. */
  const wantedOf = (keys: EpochKey[], action: ParsedAction, known: EpochKey[]): EpochKey[] => {
    const wanted: EpochKey[] = []
    for (const one of keys) {
      const isKnown = known.some(({ epoch, key }) => epoch === one.epoch && equals(key, one.key))
      if (!isKnown && one.epoch <= action.epoch && !isFull([...known, ...wanted], one.epoch)) wanted.push(one)
    }
    return wanted
  }
  /** Returns what of an action's keys the vault has not, and the one-time keys that opened them. */
  const missingOf = async (vault: Home, action: ParsedAction): Promise<{ records: RecordToPut[], opened: OpenedCopy[] }> => {
    const conversation = conversationOf(action)
    const own = equals(action.bytes.subarray(action.authorAt, action.authorAt + 32), device) ? made.get(conversation.toString()) : undefined
    const opened = own === undefined ? await openCopies({ openers, logger }, action) : [{ preKey: undefined, keys: decodeKeys(own.encode()) }]
    const keys = opened.flatMap(copy => copy.keys)
    // One key an action is no flood: the log grows by more.
    const known = own === undefined && keys.length > 1 ? await keysIn(vault, conversation) : []
    const records: RecordToPut[] = []
    for (const { epoch, key } of [...wantedOf(keys, action, known), ...await aside.of(conversation.toString())]) {
      const name = nameOf(conversation, epoch, key)
      if (await vault.get(VAULT_COLLECTION, name) === undefined) records.push({ collection: VAULT_COLLECTION, key: name, value: key })
    }
    return { records, opened }
  }
  const nextMarks = async (): Promise<string[]> => {
    const marks: string[] = []
    for await (const { key } of store.entries(OWED)) {
      marks.push(key)
      if (marks.length === AT_ONCE) break
    }
    return marks
  }
  const actionOf = async (mark: string): Promise<ParsedAction | undefined> => {
    const block = await store.getBlock(CID.parse(mark.slice(OWED.length)))
    return block === undefined ? undefined : parseAction(block)
  }
  const spend = async (opened: OpenedCopy[]): Promise<void> => {
    const ids = opened.flatMap(({ preKey }) => preKey ?? [])
    if (ids.length > 0) await preKeys?.used(ids)
  }
  /** Where there is no vault yet, what was sealed to one-time keys is kept by itself, so that their secrets can go. */
  const keepAside = async (): Promise<void> => {
    for await (const { key: mark, value } of store.entries(OWED)) {
      const action = value[0] === IS_ASIDE ? undefined : await actionOf(mark)
      if (action?.keys?.some(({ prekey }) => prekey !== undefined) !== true) continue
      const conversation = conversationOf(action)
      const opened = (await openCopies({ openers, logger }, action)).filter(({ preKey }) => preKey !== undefined)
      const keys = wantedOf(opened.flatMap(copy => copy.keys), action, await aside.of(conversation.toString()))
      await store.commit(keys.map(({ epoch, key }) => aside.put(nameOf(conversation, epoch, key), key)), { durable: true })
      await spend(opened)
      await store.commit([{ type: 'put', key: mark, value: Uint8Array.of(IS_ASIDE) }])
    }
  }
  const bring = async (): Promise<void> => {
    for (let marks = await nextMarks(); marks.length > 0; marks = await nextMarks()) {
      const vault = await writableHome()
      if (vault === undefined) return await keepAside()
      const records = new Map<string, RecordToPut>()
      const copies: OpenedCopy[] = []
      const conversations = new Set<string>()
      for (const mark of marks) {
        const action = await actionOf(mark)
        if (action === undefined) continue
        const { records: missing, opened } = await missingOf(vault, action)
        for (const record of missing) records.set(record.key, record)
        copies.push(...opened)
        conversations.add(conversationOf(action).toString())
      }
      // On the disk itself before the secrets and the marks go, in this order: whatever dies, one of the three is there.
      await vault.putAll([...records.values()], { durable: true })
      await spend(copies)
      const forgotten = await Promise.all([...conversations].map(async name => await aside.forget(name)))
      await store.commit([...marks.map((key): Change => ({ type: 'delete', key })), ...forgotten.flat()])
    }
    made.clear()
  }
  const flush = async (): Promise<boolean> => {
    flushing = flushing.then(bring).catch((error: unknown) => {
      logger.warn('the keys of conversations could not be brought into the vault yet', { reason: (error as Error).message })
    })
    await flushing
    return (await nextMarks()).length === 0
  }
  settle()
  return {
    marks (changes) {
      const marks: Change[] = []
      for (const change of changes) {
        if (change.type !== 'block' || !carriesKeys(change.bytes) || !isSealedTo(openers, parseAction(change.bytes))) continue
        marks.push({ type: 'put', key: OWED + change.cid.toString(), value: Uint8Array.of(1) })
      }
      if (marks.length > 0) settle()
      return marks
    },
    handedOn (conversation, keyring) { made.set(conversation.toString(), keyring) },
    async keep (conversation, keys) {
      const vault = await writableHome()
      if (vault === undefined) return false
      const known = await keysIn(vault, conversation)
      for (const one of keys) {
        const isKnown = known.some(({ epoch, key }) => epoch === one.epoch && equals(key, one.key))
        if (isKnown || isFull(known, one.epoch)) continue
        known.push(one)
        await vault.put(VAULT_COLLECTION, nameOf(conversation, one.epoch, one.key), one.key)
      }
      return true
    },
    async keysOf (conversation) {
      const vault = await home()
      return [...vault === undefined ? [] : await keysIn(vault, conversation), ...await aside.of(conversation.toString())]
    },
    flush,
    async stop () {
      timer?.()
      if (stopped) return
      stopped = true
      await flush()
    }
  }
}

/** Returns whose keys a record of the vault holds; undefined for what is no such record's key. */
export function vaultedConversation (key: string): CID | undefined {
  const [conversation = ''] = key.split('/', 1)
  try {
    return CID.parse(conversation)
  } catch {
    return undefined
  }
}

function isFull (known: EpochKey[], epoch: number): boolean {
  return known.filter(other => other.epoch === epoch).length >= MAX_KEYS_PER_EPOCH
}

async function keysIn (vault: Home, conversation: CID): Promise<EpochKey[]> {
  const keys: EpochKey[] = []
  for await (const { key: name, value } of vault.list(VAULT_COLLECTION, { within: conversation.toString() })) {
    const epoch = Number(name.split('/')[1])
    // A name says which key it is of, so that no record can put another key in its place.
    if (value.byteLength === 32 && Number.isSafeInteger(epoch) && name === nameOf(conversation, epoch, value)) keys.push({ epoch, key: value })
  }
  return keys.sort((a, b) => a.epoch - b.epoch)
}

/** The key of a record of the vault: two devices that learn one key write one record, and of two keys of one epoch none is lost. */
function nameOf (conversation: CID, epoch: number, key: Uint8Array): string {
  return `${conversation.toString()}/${epoch}/${hex(sha256(key).subarray(0, 16))}`
}

function conversationOf ({ bytes, conversationAt }: ParsedAction): CID {
  return cidOfHash(bytes.slice(conversationAt, conversationAt + 32))
}
