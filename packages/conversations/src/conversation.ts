import { StoppedError, type CID, type Emitter, type RandomBytes } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Draft } from './actions/draft.ts'
import type { Content } from './actions/index.ts'
import { NoSuchItemError, UnknownConversationError } from './errors.ts'
import type { Guests } from './guests/guests.ts'
import { accessOf } from './log/log-view.ts'
import type { OpenLog } from './log/open-log.ts'
import type { OpenLogs } from './log/open-logs.ts'
import type { ConflictTeller } from './read/conflict-teller.ts'
import type { LogReader } from './read/log-reader.ts'
import { toState } from './read/to-state.ts'
import { watchState } from './read/watch-state.ts'
import type { AppendOptions, Conversation, ConversationsEvents, StoredAction } from './types.ts'
import { createVerbs } from './verbs/index.ts'

export interface ConversationComponents {
  logs: OpenLogs
  random: RandomBytes
  events: Emitter<ConversationsEvents>
  conflicts: ConflictTeller
  /** Aborts when the conversations are stopped. */
  ended: AbortSignal
  /** Whose node it is; undefined where it speaks for nobody. */
  person: Did | undefined
  now(): number
  nameOf(person: Did): Promise<string>
  guests: Pick<Guests, 'of' | 'hostsOf'>
  readerOf(log: OpenLog): LogReader
  append(log: OpenLog, contents: Content[], options: { durable?: boolean | undefined }): Promise<StoredAction[]>
  /** Called when a log was read. */
  wasRead(log: OpenLog): void
}

/** Offers one conversation to those who take part in it. */
export function createConversation ({ logs, random, events, conflicts, ended, person, now, nameOf, guests, readerOf, append, wasRead }: ConversationComponents, id: CID): Conversation {
  const read = async (log: OpenLog, options?: AppendOptions): Promise<{ reader: LogReader, draft: Draft }> => {
    const reader = readerOf(log)
    await reader.catchUp(log.index, options)
    const draft = reader.draft()
    conflicts.read(log)
    wasRead(log)
    return { reader, draft }
  }
  const appendFrom = async (build: (draft: Draft) => Content[], options: AppendOptions): Promise<StoredAction[]> => await logs.run(id, async log => {
    const open = known(log, id)
    const { draft } = await read(open, options)
    return await append(open, build(draft), options)
  }, options)
  const appendAll = async (contents: Content[], options: AppendOptions = {}): Promise<StoredAction[]> => {
    return await logs.run(id, async log => await append(known(log, id), contents, options), options)
  }
  const state: Conversation['state'] = async options => await logs.run(id, async log => {
    const open = known(log, id)
    const { reader } = await read(open, options)
    return toState(open, reader, { now: now(), person, hosts: await guests.hostsOf(id) })
  }, options)
  return {
    ...createVerbs({ random, person, nameOf, appendFrom: async (build, options) => await appendFrom(draft => [build(draft)], options) }),
    ...guests.of(id),
    id,
    appendAll,
    async append (content, options) {
      const [action] = await appendAll([content], options)
      if (action === undefined) throw new StoppedError('The conversation')
      return action
    },
    state,
    watch: options => watchState({ id, events, ended, state }, options),
    async * actions ({ signal, from } = {}) {
      const entries = await logs.run(id, async log => {
        const open = known(log, id)
        const reader = readerOf(open)
        await reader.readAll(open.index, { signal })
        await read(open, { signal })
        return [...reader.entries]
      }, { signal })
      const first = from === undefined ? 0 : entries.findIndex(({ cid }) => cid.equals(from))
      if (first < 0) throw new NoSuchItemError('action', from?.toString() ?? '')
      for (const entry of entries.slice(first)) {
        signal?.throwIfAborted()
        yield entry
      }
    },
    access: async () => await logs.run(id, async log => accessOf(known(log, id).index))
  }
}

function known (log: OpenLog | undefined, id: CID): OpenLog {
  if (log === undefined) throw new UnknownConversationError(id)
  return log
}
