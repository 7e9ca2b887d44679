import type { AbortOptions, CID, Clock, Logger, RandomBytes, Store } from '@parley/core'
import { createFiles, createYielding, type Conversations, type Sync, type UnannouncedFile } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import type { Admission } from '../policy/index.ts'
import type { SyncReport } from '../types.ts'
import { createAttachFile, type AnnouncedFile, type AttachOptions } from './attach-file.ts'
import { createAttachRecords } from './attach-records.ts'
import { createFileQueue } from './file-queue.ts'
import { createFileRoutes } from './file-routes.ts'
import { followNamedFiles } from './named-files.ts'
import { createReadFile, type ReadFile } from './read-file.ts'
import { takeFiles } from './take-files.ts'

export interface AttachmentsComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  sync: Sync
  admission: Pick<Admission, 'standing'>
  card(): Promise<{ bytes: Uint8Array }>
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface AttachmentsInit {
  person: Did
  isOwn: (did: Did) => boolean
  isBlocked: (did: Did) => boolean
  /** The largest file that is taken before anybody asks for it. */
  maxTakenBytes: number
  follow: boolean
}

/** A file that was attached, and what becomes of it. */
export interface AttachedNow extends AnnouncedFile {
  /** Resolves once everybody who should keep it was tried; never rejects. Who could not be reached is tried again later. */
  readonly brought: Promise<SyncReport>
}

/** An add that was cut off. */
export type UnfinishedFile = Extract<UnannouncedFile, { state: 'adding' }>

/** The files of a person's messages. */
export interface Attachments extends Pick<ReadFile, 'open' | 'save'> {
  attach(conversation: CID, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options: AttachOptions): Promise<AttachedNow>
  /** Yields adds that were cut off by the end of a process; each goes on, or is dropped after a week. */
  unfinished(): AsyncGenerator<UnfinishedFile>
  flush(options?: AbortOptions): Promise<SyncReport>
  stop(): Promise<void>
}

/** Opens the files of a person's messages, and settles what a kill left. */
export async function openAttachments (components: AttachmentsComponents, { person, isOwn, isBlocked, maxTakenBytes, follow }: AttachmentsInit): Promise<Attachments> {
  const { store, network, sync, clock, random } = components
  const logger = components.logger.child('attachments')
  const yielding = createYielding({ sync, clock })
  const files = createFiles({ store, network, clock, random, logger }, { ready: yielding.ready })
  const records = createAttachRecords({ store })
  const routes = createFileRoutes(components, { person, isOwn })
  const queue = createFileQueue({ ...components, records, routes, logger }, { isBlocked })
  const attaching = createAttachFile({ ...components, files, records, logger })
  const reading = createReadFile({ ...components, files, records, routes })
  await attaching.recover()
  const holder = await takeFiles({ ...components, files, records, logger }, { person, isOwn, maxFileBytes: maxTakenBytes })
  const named = followNamedFiles({ ...components, files, records, logger })
  const bringing = new Set<Promise<SyncReport>>()
  if (follow) queue.follow()

  return {
    open: reading.open,
    save: reading.save,
    async attach (conversation, source, options) {
      const announced = await attaching.attach(conversation, source, options)
      const { onProgress, signal } = options
      const brought = queue.flush({ root: announced.file.root, signal, onProgress: progress => { onProgress?.({ phase: 'bringing', ...progress }) } })
        .catch((error: unknown): SyncReport => ({ reached: [], unreachable: [{ who: 'everybody', reason: (error as Error).message }] }))
      bringing.add(brought)
      void brought.finally(() => bringing.delete(brought))
      return { ...announced, brought }
    },
    async * unfinished () {
      for await (const file of files.unannounced()) if (file.state === 'adding') yield file
    },
    flush: async options => await queue.flush(options),
    async stop () {
      yielding.stop()
      await queue.stop()
      await Promise.allSettled(bringing)
      await holder.stop()
      await named.stop()
    }
  }
}
