import type { AbortOptions, CID } from '@parley/core'
import { safeFileName, type AttachedFile, type Conversations, type FileProgress, type FileRange, type Files } from '@parley/conversations'
import type { Did } from '@parley/identity'
import { toString } from 'uint8arrays'
import { UnknownAttachmentError } from '../errors.ts'
import type { AttachRecords } from './attach-records.ts'
import type { FileRoutes } from './file-routes.ts'

export interface ReadFileOptions extends AbortOptions {
  onProgress?: ((progress: FileProgress) => void) | undefined
}

export interface SaveFileOptions extends ReadFileOptions {
  /** Takes the file's bytes in order, each piece awaited, once all of it was checked. Without it the file is only brought to this device. */
  write?: ((piece: Uint8Array) => Promise<void> | void) | undefined
}

/** A file that is on this device. */
export interface SavedFile {
  /** Under which it can be stored on any disk. */
  name: string
  mediaType: string
  sizeBytes: number
  root: CID
}

/** Reads the files of messages, wherever they are kept. */
export interface ReadFile {
  open(conversation: CID, message: string, attachment: string, options?: ReadFileOptions & FileRange): AsyncGenerator<Uint8Array>
  save(conversation: CID, message: string, attachment: string, options?: SaveFileOptions): Promise<SavedFile>
}

export interface ReadFileComponents {
  files: Files
  conversations: Pick<Conversations, 'open'>
  records: Pick<AttachRecords, 'name'>
  routes: Pick<FileRoutes, 'holders'>
}

export function createReadFile ({ files, conversations, records, routes }: ReadFileComponents): ReadFile {
  const find = async (id: CID, message: string, attachment: string): Promise<{ file: AttachedFile, author: Did }> => {
    const { messages } = await (await conversations.open(id)).state()
    const found = messages.find(known => known.id === message)
    const file = found?.attachments.find(known => toString(known.attachment, 'hex') === attachment)
    if (found === undefined || file === undefined) throw new UnknownAttachmentError(message, attachment)
    return { file, author: found.author }
  }
  const isHere = async ({ root, sizeBytes }: AttachedFile): Promise<boolean> => {
    const held = await files.held(root)
    return held?.state === 'whole' && held.sizeBytes === sizeBytes
  }
  /** Fetches what is missing of a file, if anything is. */
  const prepare = async (id: CID, { file, author }: { file: AttachedFile, author: Did }, { signal }: AbortOptions) => {
    if (await isHere(file)) return undefined
    // Before its first block: when the file is taken off its message its blocks are found.
    await records.name(id, file.root)
    return await routes.holders(id, author, { signal })
  }
  return {
    async * open (id, message, attachment, options = {}) {
      const found = await find(id, message, attachment)
      const peers = await prepare(id, found, options)
      yield * files.open(found.file, { ...options, ...(peers === undefined ? {} : { peers }) })
    },
    async save (id, message, attachment, { write, ...options } = {}) {
      const found = await find(id, message, attachment)
      const { file } = found
      const peers = await prepare(id, found, options)
      if (peers !== undefined) await files.fetch(file, { ...options, peers })
      if (write !== undefined) for await (const piece of files.open(file, { signal: options.signal })) await write(piece)
      return { name: safeFileName(file.name), mediaType: file.mediaType, sizeBytes: file.sizeBytes, root: file.root }
    }
  }
}
