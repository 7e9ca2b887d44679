import { StoppedError, type AbortOptions, type CID, type Clock, type Logger, type RandomBytes } from '@parley/core'
import type { AddProgress, Content, Conversations, FileFields, Files } from '@parley/conversations'
import { equals, fromString, toString } from 'uint8arrays'
import type { AttachRecords, Attaching } from './attach-records.ts'
import type { BringProgress } from './file-queue.ts'

/** How far an attachment has come. */
export type AttachProgress = { phase: 'adding' } & AddProgress | { phase: 'bringing' } & BringProgress

/** What `attach` takes. */
export interface AttachOptions extends AbortOptions {
  /** How the file is called: at most 255 bytes, no path; `safeFileName` makes such a name. */
  name: string
  /** A message of ours to attach it to, by its id in the state. @default a new message */
  message?: string | undefined
  /** The text of the new message. */
  body?: string | undefined
  /** What it is said to be. */
  mediaType?: string | undefined
  /** A small PNG, JPEG or WebP picture of it: at most 16 KiB. */
  thumbnail?: Uint8Array | undefined
  /** Goes on with an add that was cut off, from the same source: see `unfinishedFiles`. */
  resume?: string | undefined
  onProgress?: ((progress: AttachProgress) => void) | undefined
}

/** A file that is announced: its action and its blocks are on the disk. */
export interface AnnouncedFile {
  conversation: CID
  /** Ids as in the state, the attachment's in hex. */
  message: string
  attachment: string
  action: CID
  file: FileFields
  /** Its bytes are not what `mediaType` claimed. */
  isMismatch: boolean
}

export interface AttachFileComponents {
  files: Files
  conversations: Pick<Conversations, 'open'>
  records: AttachRecords
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** Adds files and announces them in their conversations. */
export interface AttachFile {
  attach(conversation: CID, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options: AttachOptions): Promise<AnnouncedFile>
  /** Finishes or takes back what a kill left between the two; call it once, before anything is attached. */
  recover(): Promise<void>
}

/** An add that nobody went on with for so long is dropped. */
const ADDING_KEPT_MS = 7 * 24 * 3_600_000
/** What the log would never take. */
const FINAL = new Set(['NotPermittedError', 'NotAParticipantError', 'ConversationExpiredError', 'NoSuchItemError', 'UnknownConversationError', 'ForbiddenByRoleError', 'TextTooLongError', 'InvalidBytesError', 'OversizedBytesError'])

export function createAttachFile ({ files, conversations, records, clock, random, logger }: AttachFileComponents): AttachFile {
  const contentsOf = ({ message, attachment, body }: Attaching, file: FileFields): Content[] => {
    const announcement: Content = { verb: 'add', thing: 'attachment', message, file: { ...file, attachment } }
    return body === null ? [announcement] : [{ verb: 'add', thing: 'message', message, body }, announcement]
  }
  /** What the log says, everybody else has to be told, and the add is no longer nobody's. */
  const settle = async ({ add, conversation }: Attaching, action: CID, { root, sizeBytes }: FileFields): Promise<void> => {
    await records.putDue({ conversation, action, root, sizeBytes, at: Math.floor(clock.now()), done: [] })
    await files.announced(add)
    await records.dropAttaching(add)
  }
  const announce = async (attaching: Attaching, file: FileFields): Promise<CID> => {
    const conversation = await conversations.open(attaching.conversation)
    const action = (await conversation.appendAll(contentsOf(attaching, file), { durable: true })).at(-1)
    if (action === undefined) throw new StoppedError('The conversation')
    return action.cid
  }
  const takeBack = async (add: string): Promise<void> => {
    await files.discard(add)
    await records.dropAttaching(add)
  }
  const begin = async (attaching: Attaching, file: FileFields): Promise<CID> => {
    try {
      await records.putAttaching(attaching)
      return await announce(attaching, file)
    } catch (error) {
      // Who is told that it failed does not want to find it said later.
      await takeBack(attaching.add).catch((cause: unknown) => { logger.warn('a file that could not be attached is still here', { reason: (cause as Error).message }) })
      throw error
    }
  }
  /** Finds the action that a process wrote before it died. */
  const written = async ({ conversation: id, attachment }: Attaching): Promise<CID | undefined> => {
    const conversation = await conversations.open(id)
    for await (const { cid, content } of conversation.actions()) {
      if (content?.verb === 'add' && content.thing === 'attachment' && 'file' in content && equals(content.file.attachment, attachment)) return cid
    }
    return undefined
  }
  const finish = async (add: string, file: FileFields): Promise<void> => {
    const attaching = await records.attaching(add)
    if (attaching === undefined) {
      await files.discard(add)
      return
    }
    try {
      await settle(attaching, await written(attaching) ?? await announce(attaching, file), file)
    } catch (error) {
      const { name, message } = error as Error
      logger.warn('a file that was being attached could not be announced', { name: file.name, reason: message })
      if (FINAL.has(name)) await takeBack(add)
    }
  }

  return {
    async attach (id, source, { message, body, name, mediaType, thumbnail, resume, onProgress, signal }) {
      signal?.throwIfAborted()
      await conversations.open(id)
      const added = await files.add(source, { name, mediaType, thumbnail, resume, signal, onProgress: progress => { onProgress?.({ phase: 'adding', ...progress }) } })
      const attaching: Attaching = {
        add: added.add,
        conversation: id,
        message: message === undefined ? random(16) : fromString(message, 'hex'),
        attachment: random(16),
        body: message === undefined ? body ?? '' : null
      }
      const action = await begin(attaching, added.file)
      await settle(attaching, action, added.file).catch((error: unknown) => {
        logger.warn('what was attached is brought to others after the next start only', { error })
      })
      return { conversation: id, message: toString(attaching.message, 'hex'), attachment: toString(attaching.attachment, 'hex'), action, file: added.file, isMismatch: added.isMismatch }
    },
    async recover () {
      const known = new Set<string>()
      for await (const unannounced of files.unannounced()) {
        known.add(unannounced.add)
        if (unannounced.state === 'added') await finish(unannounced.add, unannounced.file)
        else if (clock.now() - unannounced.startedAt > ADDING_KEPT_MS) await files.discard(unannounced.add)
      }
      for await (const { add } of records.allAttaching()) if (!known.has(add)) await records.dropAttaching(add)
    }
  }
}
