import { InvalidArgumentError, createEmitter, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { Content } from './actions/index.ts'
import { createConversation } from './conversation.ts'
import { ForkedChainError, KeylessHolderError, UnknownConversationError } from './errors.ts'
import { findConversation, listConversations } from './find-conversations.ts'
import { encodeBasics, hashSubject, type Basics } from './format/basics.ts'
import { carriesKeys } from './format/carries-keys.ts'
import type { ParsedAction } from './format/parse-action.ts'
import { createGuestBook } from './guests/guest-book.ts'
import { createGuests, type Guests } from './guests/guests.ts'
import { createHistory } from './history/history.ts'
import type { Home } from './home/home.ts'
import { createOwnHome } from './home/own-home.ts'
import { createLogHolder } from './log-holder.ts'
import { beginLog, openLog, type LogComponents, type OpenLog } from './log/open-log.ts'
import { createOpenLogs } from './log/open-logs.ts'
import { findBasics, mergeBlocks, refuseAll, refusePurged, type Merged } from './merge/merge-blocks.ts'
import type { PreKeys } from './pre-keys.ts'
import { createSnapshotKeeper } from './snapshot/keeper.ts'
import { createSnapshots } from './snapshot/snapshots.ts'
import { createConflictTeller } from './read/conflict-teller.ts'
import { createLogReader, type LogReader } from './read/log-reader.ts'
import type { EpochKey } from './read/keyring.ts'
import type { Opener } from './read/sealed-keys.ts'
import type { BlockOutcome, Conversations, ConversationsEvents, MergeOptions, MergeOutcome, StoredAction } from './types.ts'
import { appendActions, type Writer } from './write/append-actions.ts'
import { additionOf, nameOf } from './write/additions.ts'
import { createFindKeyHolders } from './write/plan-keys.ts'
import { NotExpiredError, PurgedConversationError } from './purge/errors.ts'
import { openPurges } from './purge/purges.ts'
import type { RemoveLinked } from './purge/remove-log.ts'
import { readWindow } from './window/read-window.ts'

export interface ConversationsComponents {
  store: Store
  people: People
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** This node's keys; absent where it only keeps conversations for others, as a proxy does. */
  device?: DeviceKeys | undefined
  /** Whose device it is; given together with `device`. */
  person?: Did | undefined
  /**
   * Further secrets with which sealed keys are opened, as the person's
   * recovery key under the person's own key. For a device that was just
   * restored: once it has written in the home log it has copies of its own.
   */
  openers?: Opener[] | undefined
  /** One-time keys, so that keys for others, and theirs for us, are sealed with forward secrecy. Without, all are sealed to long-term keys. */
  preKeys?: PreKeys | undefined
  /** Removes files and voices that nothing names any more once their conversation is purged. Without, they stay. Called again after a kill, and when it rejected. */
  removeLinked?: RemoveLinked | undefined
}

export interface ConversationsInit {
  /** Logs that stay in memory while nothing is done with them. @default 256 */
  maxOpen?: number | undefined
  /** The UTC offset to write into times, in minutes. @default () => 0 */
  offsetMinutes?: (() => number) | undefined
  /** How long new keys wait for others before they are brought into the key vault together, in milliseconds. @default 1000 */
  vaultSettleMs?: number | undefined
}

/** Creates the conversations kept in `store`. */
export async function createConversations (components: ConversationsComponents, { maxOpen = 256, offsetMinutes = () => 0, vaultSettleMs = 1000 }: ConversationsInit = {}): Promise<Conversations> {
  const { store, people, clock, random, device, person, preKeys } = components
  const logger = components.logger.child('conversations')
  const events = createEmitter<ConversationsEvents>(logger)
  const openers: Opener[] = [...device === undefined ? [] : [{ publicKey: device.signer.publicKey, sealing: device.sealing, preKey: preKeys?.open }], ...components.openers ?? []]
  const logComponents: LogComponents = { store, clock, unflushed: new Map(), notes: (changes, log) => [...own?.marks(changes) ?? [], ...book.marks(changes, log)] }
  const book = createGuestBook({ store, logs: () => logs })
  await book.load()
  const conflicts = createConflictTeller(events)
  const ended = new AbortController()
  const logs = createOpenLogs(async id => {
    const log = await openLog(logComponents, id, offsetMinutes)
    if (log !== undefined) conflicts.opened(log)
    return log
  }, { maxOpen })
  const writer: Writer | undefined = device === undefined || person === undefined ? undefined : { device, person, personKey: publicKeyFromDid(person) }

  const findKeyHolders = createFindKeyHolders(people)

  const snapshots = device === undefined ? undefined : createSnapshots({ store, storageKey: device.storageKey, random, logger })
  const keeper = snapshots === undefined ? undefined : createSnapshotKeeper({ store, logs, logger })
  const readerOf = (log: OpenLog): LogReader => {
    // The home log is where the vault is: its own keys are in no vault.
    log.reader ??= createLogReader({ store, openers, logger, ...(log.index.isHome ? {} : { snapshots: log.index.isGuest ? undefined : snapshots, otherKeys: async () => await keysOf(log.id) }) }, log.id, log.index)
    return log.reader
  }
  const keysOf = async (id: CID): Promise<EpochKey[]> => [...await own?.keysOf(id) ?? [], ...await guests.keysOf(id)]
  const tell = (actions: StoredAction[], { local, home, from }: { local: boolean, home: boolean, from?: string | undefined }): void => {
    for (const action of actions) events.emit('action', { conversation: action.conversation, action, local, home, from })
  }
  const append = async (log: OpenLog, contents: Content[], options: { durable?: boolean | undefined, changes?: Parameters<typeof appendActions>[4]['changes'] }): Promise<StoredAction[]> => {
    if (writer === undefined) throw new KeylessHolderError()
    await guests.checkWriter(log)
    const reader = readerOf(log)
    await reader.catchUp(log.index)
    const appended = await appendActions({ people, findKeyHolders, clock, random, preKeys }, writer, Object.assign(log, { reader }), contents, options)
    tell(appended, { local: true, home: log.index.isHome || log.index.isGuest })
    guests.grew(log)
    if (log.index.isHome) own?.merged(log.id)
    else if (appended.some(({ bytes }) => carriesKeys(bytes))) own?.handedOn(log.id, reader.keyring)
    return appended
  }

  const merge = async (id: CID, blocks: Uint8Array[], options: MergeOptions = {}): Promise<MergeOutcome> => await logs.run(id, async (known, begin) => {
    if (purges.has(id)) return refusePurged(blocks)
    const log = known ?? beginFrom(id, blocks)
    if (log === undefined) return refuseAll(id, blocks)
    const merged = await mergeBlocks({ people, clock }, log, blocks, options)
    if (known === undefined) {
      begin(log)
      events.emit('conversation', { id, home: log.index.isHome || log.index.isGuest })
    }
    tellMerged(log, merged, options.from)
    if (log.reader !== undefined && merged.outcome.stored.length > 0) readOn(id)
    // Within the task: nobody learns of our frontier, or is told that a block is known, before it is on the disk.
    if (options.durable === true) await log.flush()
    return merged.outcome
  }, options)

  /** Reads what came in a conversation that is being read, so that conflicts are told at once. */
  const readOn = (id: CID): void => {
    const reading = logs.run(id, async log => {
      if (log?.reader === undefined) return
      await log.reader.catchUp(log.index)
      log.reader.draft()
      conflicts.read(log)
    })
    // Whoever asks for the state next is told; when stopping there is nobody.
    reading.catch((error: unknown) => { logger.debug('a conversation could not be read on', { conversation: id.toString(), error }) })
  }
  const beginFrom = (id: CID, blocks: Uint8Array[]): OpenLog | undefined => {
    const basics = findBasics(id.multihash.digest, blocks)
    return basics === undefined ? undefined : beginLog(logComponents, id, basics, offsetMinutes)
  }
  const tellMerged = ({ id, index }: Pick<OpenLog, 'id' | 'index'>, { outcome, forks, late }: Merged, from: string | undefined): void => {
    tell(outcome.stored, { local: false, home: index.isHome || index.isGuest, from })
    if (outcome.stored.length > 0) guests.grew({ id, index })
    if (index.isHome && outcome.stored.length > 0) own?.merged(id)
    for (const fork of forks) tellFork(id, fork)
    for (const refusal of [...outcome.outcomes, ...late]) tellRefusal(id, refusal, from)
    if (outcome.refused > 0) logger.warn('actions were refused', { conversation: id.toString(), refused: outcome.refused, from })
  }
  const tellFork = (conversation: CID, { bytes, authorAt, seq }: ParsedAction): void => {
    const author = didFromPublicKey(bytes.subarray(authorAt, authorAt + 32))
    logger.warn('an author forked their chain', { conversation: conversation.toString(), author, seq })
    events.emit('forked', { conversation, author, seq, error: new ForkedChainError(author, seq) })
  }
  const tellRefusal = (conversation: CID, outcome: BlockOutcome, from: string | undefined): void => {
    if (!outcome.ok && !outcome.held) events.emit('refused', { conversation, cid: outcome.cid, error: outcome.error, from })
  }
  const conversationOf = (id: CID): ReturnType<typeof createConversation> => createConversation({ logs, random, events, conflicts, ended: ended.signal, person: writer?.person, now: () => clock.now(), nameOf: async did => await nameOf(people, did), guests, readerOf, append, wasRead: log => { keeper?.consider(log) } }, id)

  const purges = await openPurges({
    store,
    clock,
    logger,
    logs,
    events,
    ids: () => listConversations(store, { withHomes: true }),
    home: async () => await own?.existing(),
    removeLinked: components.removeLinked,
    dropped (id) { logComponents.unflushed.delete(id.toString()) }
  })
  const checkExpired = async (id: CID): Promise<void> => {
    // Who keeps what it cannot read knows of no end.
    const expiresAt = writer === undefined ? null : (await conversationOf(id).state()).expiresAt
    if (expiresAt === null || clock.now() <= expiresAt) throw new NotExpiredError(id, expiresAt)
  }

  const readAgain = async (conversation: CID): Promise<void> => {
    const isMoreReadable = await logs.run(conversation, async log => {
      if (log === undefined) return false
      // What nobody reads at this moment begins with these keys when somebody does.
      return log.reader === undefined || log.reader.learn(await keysOf(conversation))
    })
    if (isMoreReadable) events.emit('unlocked', { conversation })
  }
  const own = writer === undefined ? undefined : createOwnHome({
    store,
    people,
    clock,
    random,
    logger,
    logs,
    findKeyHolders,
    openers,
    preKeys,
    beginLog: (id, basics) => beginLog(logComponents, id, basics, offsetMinutes),
    told (appended, isNew) {
      const [first] = appended
      if (isNew && first !== undefined) events.emit('conversation', { id: first.conversation, home: true })
      tell(appended, { local: true, home: true })
    }
  }, writer, {
    settleMs: vaultSettleMs,
    onKeys: readAgain,
    onPurge: purges.told
  })
  const guests: Guests = createGuests({
    clock,
    random,
    people,
    logger,
    logs,
    events,
    book,
    writer,
    readerOf,
    append,
    beginLog: (id, basics) => beginLog(logComponents, id, basics, offsetMinutes),
    begun (id) { events.emit('conversation', { id, home: true }) },
    async keep (conversation, keys) {
      await own?.keep(conversation, keys)
      await readAgain(conversation)
    }
  }, { settleMs: vaultSettleMs })
  purges.start()

  return {
    on: events.on,
    async home (): Promise<Home> {
      if (own === undefined) throw new KeylessHolderError()
      return await own.home()
    },
    async keepKeys () {
      await guests.flush()
      return await own?.keepKeys() ?? true
    },
    async create ({ subject, participants, contents = [], salt = random(16), time = Math.floor(clock.now()) }, options = {}) {
      if (writer === undefined) throw new KeylessHolderError()
      const others = [...new Set(participants)].filter(did => did !== writer.person)
      const additions = await Promise.all(others.map(async did => await additionOf(people, did)))
      const basics: Basics = { v: 1, creator: writer.personKey, time, subject: hashSubject(salt, subject) }
      const { bytes, cid: id } = encodeBasics(basics)
      await logs.run(id, async (_known, begin) => {
        if (purges.has(id)) throw new PurgedConversationError('here')
        const log = beginLog(logComponents, id, basics, offsetMinutes)
        await append(log, [{ verb: 'publish', thing: 'conversation', subject, salt }, ...additions, ...contents], { durable: options.durable, changes: [{ type: 'block', cid: id, bytes }] })
        begin(log)
      }, options)
      logger.info('a conversation was created', { conversation: id.toString() })
      events.emit('conversation', { id, home: false })
      return conversationOf(id)
    },
    async findWith (participants) {
      const id = await findConversation(store, new Set(person === undefined ? participants : [...participants, person]))
      return id === undefined ? undefined : conversationOf(id)
    },
    async open (id) {
      if (!await logs.run(id, async log => log !== undefined)) throw new UnknownConversationError(id)
      return conversationOf(id)
    },
    ids: options => listConversations(store, options),
    merge,
    readWindow: async (id, answer, bounds) => await readWindow({ people, clock, logger, openers, keysOf }, id, answer, bounds),
    history: createHistory({
      store,
      people,
      clock,
      merge,
      makeReader: openers.length === 0 ? undefined : (blocks, id, index) => createLogReader({ store: blocks, openers, logger, ...(index.isHome ? {} : { otherKeys: async () => await keysOf(id) }) }, id, index),
      person
    }),
    async purge (id, { anyway = false, everywhere = false, signal } = {}) {
      if (everywhere && own === undefined) throw new KeylessHolderError()
      if (everywhere) await own?.home()
      if (!purges.has(id)) {
        const isHome = await logs.run(id, async log => log?.index.isHome)
        if (isHome === undefined) throw new UnknownConversationError(id)
        if (isHome) throw new InvalidArgumentError('A home log is no conversation, and is not purged')
        if (!anyway) await checkExpired(id)
      }
      await purges.remove(id, { everywhere, signal })
    },
    forgetPurge: purges.forget,
    purged: purges.list,
    isPurged: (id, towards) => towards === undefined ? purges.has(id) : purges.mayKnow(id, towards),
    holder: id => createLogHolder({ store, logs, merge, guests: async () => await book.pairsOf(id) }, id),
    async stop () {
      ended.abort()
      await purges.stop()
      await guests.stop()
      await own?.stop()
      await keeper?.stop()
      await logs.stop()
    }
  }
}
