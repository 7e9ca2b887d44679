import { CID, type CancelTimer, type Clock, type Logger } from '@parley/core'
import type { Conversations, DecodedAction, Files } from '@parley/conversations'
import { toString } from 'uint8arrays'
import type { AttachRecords } from './attach-records.ts'

export interface NamedFilesComponents {
  conversations: Pick<Conversations, 'on' | 'open'>
  files: Pick<Files, 'remove'>
  records: AttachRecords
  clock: Clock
  logger: Logger
}

/** Removes the blocks of files that no attachment names any more. */
export interface NamedFiles {
  stop(): Promise<void>
}

/** Actions come in batches; one look serves all of one. */
const SETTLE_MS = 1000

export function followNamedFiles ({ conversations, files, records, clock, logger }: NamedFilesComponents): NamedFiles {
  const grown = new Map<string, CID>()
  let cancel: CancelTimer | undefined
  let looking: Promise<void> = Promise.resolve()

  const look = async (id: CID): Promise<void> => {
    const noted: string[] = []
    for await (const root of records.named(id)) noted.push(root)
    if (noted.length === 0) return
    const gone = await takenOff((await conversations.open(id)).actions())
    for (const root of noted.filter(name => gone.has(name))) {
      if (!await records.isNamedElsewhere(id, root)) {
        const cid = CID.parse(root)
        await records.dropDue(cid)
        await files.remove(cid)
        logger.info('a file that nothing names any more was removed', { root })
      }
      // After its blocks: what fails before is looked at again when the conversation grows.
      await records.unname(id, root)
    }
  }
  const settle = (): void => {
    cancel = undefined
    const ids = [...grown.values()]
    grown.clear()
    looking = looking.then(async () => {
      for (const id of ids) {
        await look(id).catch((error: unknown) => {
          logger.info('files that are named no more stay for now', { conversation: id.toString(), error })
        })
      }
    })
  }
  const off = conversations.on('action', ({ conversation, home }) => {
    if (home) return
    grown.set(conversation.toString(), conversation)
    cancel ??= clock.setTimer(settle, SETTLE_MS)
  })
  return {
    async stop () {
      off()
      cancel?.()
      await looking
    }
  }
}

/** Returns the roots of files that were attached and of which every attachment was taken off. A message that was deleted may come back, with its files. */
async function takenOff (actions: AsyncIterable<Pick<DecodedAction, 'content' | 'ignored'>>): Promise<Set<string>> {
  const roots = new Map<string, string>()
  const off = new Set<string>()
  for await (const { content, ignored } of actions) {
    if (content?.thing !== 'attachment' || ignored !== undefined) continue
    if (content.verb === 'delete') off.add(toString(content.attachment, 'hex'))
    else if ('file' in content) roots.set(toString(content.file.attachment, 'hex'), content.file.root.toString())
  }
  const live = new Set([...roots].filter(([attachment]) => !off.has(attachment)).map(([, root]) => root))
  return new Set([...roots.values()].filter(root => !live.has(root)))
}
