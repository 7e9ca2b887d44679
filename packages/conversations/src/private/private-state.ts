import { createEmitter, type AbortOptions, type CID, type Emitter, type Logger } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Home } from '../home/home.ts'
import type { AppendOptions } from '../types.ts'
import { MARKS_COLLECTION, createMarksFold, markedConversation, recordsOf } from './mark-records.ts'
import type { Marks, MarksChange } from './marks.ts'

export interface PrivateStateEvents extends Record<string, unknown> {
  /** The marks of a conversation are others than before, by this device or another of the person. */
  changed: { conversation: CID, marks: Marks }
}

/** What a person keeps of their conversations for themselves. It is in their home log, and so on all their devices. */
export interface PrivateState extends Emitter<PrivateStateEvents> {
  /** Returns the marks of a conversation, which may have none. */
  get(conversation: CID): Promise<Marks>
  /**
   * Changes marks. What two devices change at once is merged field by field:
   * of one field the later change counts, of how far was read the farthest.
   * Resolves once it is told of.
   *
   * @throws {InvalidArgumentError} when a label, a note or a message's id is none
   * @throws the errors of `Home.put`
   */
  set(conversation: CID, change: MarksChange, options?: AppendOptions): Promise<void>
  /** Yields the conversations that have marks, in no particular order. */
  list(options?: AbortOptions): AsyncGenerator<{ conversation: CID, marks: Marks }>
  /** Tells of nothing more, and waits for what is being read. */
  stop(): Promise<void>
}

export interface PrivateStateComponents {
  home: Home
  /** This device. */
  device: Did
  logger: Logger
}

/** Creates the private state of the person whose home log it is. */
export function createPrivateState ({ home, device, logger: parent }: PrivateStateComponents): PrivateState {
  const logger = parent.child('private-state')
  const events = createEmitter<PrivateStateEvents>(logger)
  const changed = new Map<string, CID>()
  let telling: Promise<void> | undefined
  let isStopped = false

  const onBad = (key: string, error: Error): void => { logger.warn('a private mark cannot be read', { key, reason: error.message }) }
  const get = async (conversation: CID): Promise<Marks> => {
    const fold = createMarksFold(onBad)
    for await (const { key, value } of home.list(MARKS_COLLECTION, { within: conversation.toString() })) fold.add(key, value)
    return fold.marks()
  }
  /** Several records that came together are told once. */
  const tell = async (): Promise<void> => {
    await Promise.resolve()
    for (const [name, conversation] of changed) {
      changed.delete(name)
      if (!isStopped) events.emit('changed', { conversation, marks: await get(conversation) })
    }
  }
  const off = home.on('changed', ({ collection, key }) => {
    const conversation = collection === MARKS_COLLECTION ? markedConversation(key) : undefined
    if (conversation === undefined) return
    changed.set(conversation.toString(), conversation)
    telling ??= tell().catch((error: unknown) => {
      logger.warn('changed marks could not be read', { reason: (error as Error).message })
    }).finally(() => { telling = undefined })
  })
  return {
    on: events.on,
    get,
    async set (conversation, change, options) {
      const records = recordsOf(conversation, device, await get(conversation), change)
      await home.putAll(records, options)
      await telling
    },
    async * list (options) {
      const folds = new Map<string, ReturnType<typeof createMarksFold>>()
      const conversations = new Map<string, CID>()
      for await (const { key, value } of home.list(MARKS_COLLECTION, options)) {
        const [name = ''] = key.split('/', 1)
        const conversation = conversations.get(name) ?? markedConversation(key)
        if (conversation === undefined) continue
        conversations.set(name, conversation)
        const fold = folds.get(name) ?? createMarksFold(onBad)
        folds.set(name, fold)
        fold.add(key, value)
      }
      for (const [name, fold] of folds) {
        const conversation = conversations.get(name)
        if (conversation !== undefined) yield { conversation, marks: fold.marks() }
      }
    },
    async stop () {
      isStopped = true
      off()
      await telling
    }
  }
}
