import { cidSchema, createCodec, type CancelTimer, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { createFileHolder, createFiles, createYielding, readersOf, type Conversations, type FileAnswer, type FileQuestion, type Files, type Sync } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import * as z from 'zod/mini'
import { openFileFetching } from './file-fetching.ts'
import type { Policing } from './policing.ts'

export interface FileKeepingComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  sync: Sync
  policing: Pick<Policing, 'quota' | 'takesFrom'>
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** What a proxy keeps of files. */
export interface FileLimits {
  /** One file. @default 1 MiB less than 16 GiB, the most a file may have */
  maxFileBytes?: number | undefined
  /** All files that one person served here brought, sealed. @default 68719476736, 64 GiB */
  maxServedBytes?: number | undefined
  /** All files that one other person brought, sealed. @default 4294967296, 4 GiB */
  maxSenderBytes?: number | undefined
  /** All files. @default 274877906944, 256 GiB */
  maxTotalBytes?: number | undefined
}

/** Keeps the files of the conversations of the people served. */
export interface FileKeeping {
  readonly files: Files
  /** Drops what was not brought to its end in time, and files of conversations in which nobody is served any more. */
  sweep(): Promise<void>
  stop(): Promise<void>
}

const GIB = 1024 ** 3
const EVERY_MS = 3_600_000
const PREFIX = '/proxy/files/'
const placeCodec = createCodec('file kept at a proxy', z.strictObject({ v: z.literal(1), conversation: cidSchema }), { maxBytes: 128 })

/** Opens it and begins to answer those who bring files. */
export async function openFileKeeping (components: FileKeepingComponents, { served, limits = {} }: { served: () => Did[], limits?: FileLimits | undefined }): Promise<FileKeeping> {
  const { store, conversations, policing, sync, clock } = components
  const { maxFileBytes, maxServedBytes = 64 * GIB, maxSenderBytes = 4 * GIB, maxTotalBytes = 256 * GIB } = limits
  const logger = components.logger.child('files')
  const yielding = createYielding({ sync, clock })
  const files = createFiles({ ...components, logger }, { ready: yielding.ready })
  let cancel: CancelTimer | undefined
  let sweeping: Promise<void> = Promise.resolve()
  let isStopped = false

  const placeKey = (root: CID, conversation?: CID): string => `${PREFIX}${root.toString()}/${conversation?.toString() ?? ''}`
  const servedIn = async (conversation: CID): Promise<Did[]> => {
    const readers = await readersOf(conversations.holder(conversation), served())
    return served().filter(did => readers.includes(did))
  }
  const judge = async ({ conversation, root, person, sizeBytes, personBytes, heldBytes }: Omit<FileQuestion, 'device' | 'action'>): Promise<FileAnswer> => {
    const access = await conversations.holder(conversation).access()
    const ours = await servedIn(conversation)
    if (!access.includes(person) || ours.length === 0) return { ok: false, reason: 'nobody of this conversation is served here' }
    const isServed = ours.includes(person)
    if (!isServed && !ours.some(did => policing.takesFrom(did, person))) return { ok: false, reason: 'nobody of this conversation is served here' }
    if (heldBytes + sizeBytes > maxTotalBytes) return { ok: false, reason: 'this proxy has no room for more files' }
    if (personBytes + sizeBytes > (isServed ? maxServedBytes : maxSenderBytes)) return { ok: false, reason: 'this proxy keeps no more files of one person' }
    // What was begun before has taken its part of a day.
    const isBegun = await files.held(root) !== undefined
    if (!isServed && !isBegun && !policing.quota.take(person, { bytes: sizeBytes, items: 1 })) return { ok: false, reason: policing.quota.words }
    return { ok: true }
  }
  const admits = async (question: Omit<FileQuestion, 'device' | 'action'>): Promise<FileAnswer> => {
    const answer = await judge(question)
    const { root, conversation } = question
    if (answer.ok) await store.commit([{ type: 'put', key: placeKey(root, conversation), value: placeCodec.encode({ v: 1, conversation }) }])
    return answer
  }
  const holder = await createFileHolder({ ...components, files, logger }, { admits, maxFileBytes })
  const fetching = openFileFetching({ ...components, files, logger }, { servedIn, admits, maxFileBytes })

  /** Tells whether a file belongs to a conversation of somebody served; places where it does not any more are forgotten. */
  const isWanted = async (root: CID): Promise<boolean> => {
    let wanted = false
    for await (const { key, value } of store.entries(placeKey(root))) {
      const { conversation } = placeCodec.decode(value)
      if ((await servedIn(conversation)).length > 0) wanted = true
      else await store.commit([{ type: 'delete', key }])
    }
    return wanted
  }
  const sweep = async (): Promise<void> => {
    await holder.sweep()
    for await (const { root } of files.allHeld()) {
      if (await isWanted(root)) continue
      await files.remove(root)
      logger.info('a file of a conversation in which nobody is served was dropped', { root: root.toString() })
    }
  }
  const sweepNow = async (): Promise<void> => {
    const mine = sweeping.then(sweep)
    sweeping = mine.catch((error: unknown) => { logger.warn('files could not be swept; it is tried again in an hour', { error }) })
    await mine
  }
  const later = (): void => {
    if (isStopped) return
    cancel = clock.setTimer(() => { void sweepNow().catch(() => {}).finally(later) }, EVERY_MS)
  }
  later()

  return {
    files,
    sweep: sweepNow,
    async stop () {
      isStopped = true
      cancel?.()
      yielding.stop()
      await fetching.stop()
      await holder.stop()
      await sweeping
    }
  }
}
