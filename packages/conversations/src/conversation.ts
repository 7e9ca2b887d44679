import { StoppedError, type CID } from '@parley/core'
import type { Content } from './actions/index.ts'
import { UnknownConversationError } from './errors.ts'
import { accessOf } from './log-holder.ts'
import type { OpenLog } from './log/open-log.ts'
import type { OpenLogs } from './log/open-logs.ts'
import type { LogReader } from './read/log-reader.ts'
import { toState } from './read/to-state.ts'
import type { AppendOptions, Conversation, StoredAction } from './types.ts'

/** Offers one conversation to those who take part in it. */
export function createConversation ({ logs, readerOf, append }: {
  logs: OpenLogs
  readerOf(log: OpenLog): LogReader
  append(log: OpenLog, contents: Content[], options: { durable?: boolean | undefined }): Promise<StoredAction[]>
}, id: CID): Conversation {
  const appendAll = async (contents: Content[], options: AppendOptions = {}): Promise<StoredAction[]> => {
    return await logs.run(id, async log => await append(known(log, id), contents, options), options)
  }
  return {
    id,
    appendAll,
    async append (content, options) {
      const [action] = await appendAll([content], options)
      if (action === undefined) throw new StoppedError('The conversation')
      return action
    },
    state: async options => await logs.run(id, async log => {
      const open = known(log, id)
      const reader = readerOf(open)
      await reader.catchUp(open.index, options)
      return toState(open, reader)
    }, options),
    async * actions (options) {
      const entries = await logs.run(id, async log => {
        const open = known(log, id)
        const reader = readerOf(open)
        await reader.catchUp(open.index, options)
        reader.draft()
        return [...reader.entries]
      }, options)
      for (const entry of entries) {
        options?.signal?.throwIfAborted()
        yield entry
      }
    },
    access: async () => await logs.run(id, async log => accessOf(known(log, id)))
  }
}

function known (log: OpenLog | undefined, id: CID): OpenLog {
  if (log === undefined) throw new UnknownConversationError(id)
  return log
}
