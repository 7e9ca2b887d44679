import { InvalidArgumentError, type AbortOptions, type Clock, type Logger, type RandomBytes } from '@parley/core'
import { publicKeyFromDid, type Did, type People } from '@parley/identity'
import { MAX_RECORD_BYTES } from '../actions/record-schema.ts'
import { encodeContent } from '../actions/registry.ts'
import { UnknownPersonError } from '../errors.ts'
import { encodeBasics, hashSubject } from '../format/basics.ts'
import { hex } from '../format/hex.ts'
import { MAX_SUBJECT_CHARS } from '../format/limits.ts'
import type { Home } from '../home/home.ts'
import type { AppendOptions, Conversation, Conversations } from '../types.ts'
import { contentsOf, isItem, type ConversationDraft, type DraftChange, type Publication } from './conversation-draft.ts'
import { DRAFTS_COLLECTION, createDraftFold, records, type DraftRecord } from './draft-records.ts'
import { DraftPublishingError, UnknownDraftError } from './errors.ts'

/** Conversations that are not published yet: on the devices of whoever makes them, and nowhere else. */
export interface Drafts {
  /** Begins a draft and returns its id. @throws {InvalidArgumentError | TextTooLongError} and the errors of `Home.put` */
  create(init?: DraftChange, options?: AppendOptions): Promise<string>
  /** @throws {UnknownDraftError} */
  get(id: string): Promise<ConversationDraft>
  /** Yields the drafts, in no particular order. */
  list(options?: AbortOptions): AsyncGenerator<ConversationDraft>
  /** @throws {UnknownDraftError | DraftPublishingError | InvalidArgumentError | TextTooLongError} and the errors of `Home.put` */
  edit(id: string, change: DraftChange, options?: AppendOptions): Promise<void>
  /**
   * Deletes a draft, or what is left of it. Where its publication has begun the
   * conversation may be there already, and stays.
   *
   * @throws the errors of `Home.put`
   */
  discard(id: string, options?: AppendOptions): Promise<void>
  /**
   * Publishes a draft: the conversation, its participants and the draft's
   * contents as they are now, in one commit that is on the disk itself. Then
   * the draft is gone. When it was interrupted, called again, it goes on with
   * the same conversation and publishes nothing twice.
   *
   * @throws {UnknownDraftError} also when it was published before
   * @throws {UnknownPersonError} while the device list of a participant is not known; nothing is published then
   * @throws the errors of `Conversation.append`
   */
  publish(id: string, options?: AbortOptions): Promise<Conversation>
  /** Removes drafts whose conversation is here: what a process that died while it published left. */
  finish(): Promise<void>
}

export interface DraftsComponents {
  home: Home
  conversations: Pick<Conversations, 'create' | 'open' | 'holder'>
  people: People
  /** Who makes the drafts. */
  person: Did
  clock: Clock
  random: RandomBytes
  logger: Logger
}

const ITEM_ID = /^[0-9a-f]{32}$/
/** Less than a record by what stands beside the content. */
const MAX_ITEM_BYTES = MAX_RECORD_BYTES - 256

export function createDrafts ({ home, conversations, people, person, clock, random, logger: parent }: DraftsComponents): Drafts {
  const logger = parent.child('drafts')
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other, so that nothing is changed while it is published. */
  const inTurn = async <T> (work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return await mine
  }
  const onBad = (name: string, error: Error): void => { logger.warn('a record of a draft cannot be read', { name, reason: error.message }) }
  const read = async (id: string): Promise<ConversationDraft> => {
    const fold = createDraftFold(id, onBad)
    for await (const { key, value } of home.list(DRAFTS_COLLECTION, { within: id })) fold.add(key.slice(id.length + 1), value)
    const draft = fold.draft()
    if (draft === undefined) throw new UnknownDraftError(id)
    return draft
  }
  const write = async (id: string, changes: DraftRecord[], options?: AppendOptions): Promise<void> => {
    await home.putAll(changes.map(({ name, value }) => ({ collection: DRAFTS_COLLECTION, key: `${id}/${name}`, value })), options)
  }
  const remove = async (id: string, options?: AppendOptions): Promise<void> => {
    const names: string[] = []
    for await (const { key } of home.list(DRAFTS_COLLECTION, { within: id })) names.push(key.slice(id.length + 1))
    await write(id, names.map(records.without), options)
  }
  const changesOf = (draft: Pick<ConversationDraft, 'items'>, { subject, participants, items }: DraftChange): DraftRecord[] => {
    if (subject !== undefined && (subject.length > MAX_SUBJECT_CHARS || !subject.isWellFormed())) throw new InvalidArgumentError(`A subject has at most ${MAX_SUBJECT_CHARS} characters`)
    // A later change of one record replaces an earlier one.
    const changes = new Map<string, DraftRecord>()
    const add = (record: DraftRecord): void => { changes.set(record.name, record) }
    if (subject !== undefined) add(records.subject(subject))
    for (const did of participants?.remove ?? []) add(records.without(`person/${did}`))
    for (const participant of participants?.put ?? []) {
      if (participant.did !== person) add(records.person(participant))
    }
    for (const item of items?.remove ?? []) add(records.without(`item/${item}`))
    let next = 1 + Math.max(-1, ...draft.items.map(({ order }) => order))
    for (const { id = hex(random(16)), order, content } of items?.put ?? []) {
      if (!ITEM_ID.test(id)) throw new InvalidArgumentError('An item of a draft has an id of 32 digits of hex in lower case')
      if (!isItem(content)) throw new InvalidArgumentError(`A draft cannot hold “${content.verb} ${content.thing}”`)
      if (encodeContent(content).byteLength > MAX_ITEM_BYTES) throw new InvalidArgumentError(`An item of a draft has at most ${MAX_ITEM_BYTES} bytes`)
      add(records.item({ id, order: order ?? draft.items.find(known => known.id === id)?.order ?? next++, content }))
    }
    return [...changes.values()]
  }
  const begin = async (draft: ConversationDraft): Promise<Publication> => {
    if (draft.publishing !== undefined) return draft.publishing
    for (const { did } of draft.participants) {
      if (await people.list(did) === undefined) throw new UnknownPersonError(did)
    }
    const [salt, time] = [random(16), Math.floor(clock.now())]
    const { cid: conversation } = encodeBasics({ v: 1, creator: publicKeyFromDid(person), time, subject: hashSubject(salt, draft.subject) })
    const publication = { conversation, time, salt, subject: draft.subject }
    // On the disk itself before anybody can hear of the conversation.
    await write(draft.id, [records.publication(publication)], { durable: true })
    return publication
  }
  const isHere = async ({ conversation }: Publication): Promise<boolean> => await conversations.holder(conversation).exists()
  const list: Drafts['list'] = async function * (options) {
    const folds = new Map<string, ReturnType<typeof createDraftFold>>()
    for await (const { key, value } of home.list(DRAFTS_COLLECTION, options)) {
      const [id = ''] = key.split('/', 1)
      const fold = folds.get(id) ?? createDraftFold(id, onBad)
      folds.set(id, fold)
      fold.add(key.slice(id.length + 1), value)
    }
    for (const fold of folds.values()) {
      const draft = fold.draft()
      if (draft !== undefined) yield draft
    }
  }
  return {
    list,
    get: read,
    async create (init = {}, options) {
      const id = hex(random(16))
      await write(id, [records.begun(Math.floor(clock.now())), ...changesOf({ items: [] }, init)], options)
      return id
    },
    edit: async (id, change, options) => await inTurn(async () => {
      const draft = await read(id)
      if (draft.publishing !== undefined) throw new DraftPublishingError(id)
      await write(id, changesOf(draft, change), options)
    }),
    discard: async (id, options) => await inTurn(async () => { await remove(id, options) }),
    publish: async (id, { signal } = {}) => await inTurn(async () => {
      signal?.throwIfAborted()
      const draft = await read(id)
      const publication = await begin(draft)
      const { conversation, subject, salt, time } = publication
      if (!await isHere(publication)) await conversations.create({ subject, salt, time, participants: [], contents: contentsOf(draft) }, { durable: true })
      // What goes wrong here leaves a draft that the next call finds published.
      await remove(id)
      return await conversations.open(conversation)
    }),
    finish: async () => await inTurn(async () => {
      for await (const { id, publishing } of list()) {
        if (publishing !== undefined && await isHere(publishing)) await remove(id)
      }
    })
  }
}
