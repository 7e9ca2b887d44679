import { bytesSchema, cidSchema, countSchema, type CID } from '@parley/core'
import * as z from 'zod/mini'
import { dagOf, isRootOf } from './dag-shape.ts'
import { isFileName } from './file-name.ts'
import { FILE_KEY_BYTES, MAX_FILE_BYTES, MAX_FILE_NAME_BYTES, MAX_MEDIA_TYPE_CHARS, MAX_THUMBNAIL_BYTES, MAX_THUMBNAIL_PIXELS } from './limits.ts'
import { isMediaType } from './media-type.ts'
import { isThumbnail, type FileThumbnail } from './thumbnail.ts'

/** What an action says of an attached file: enough to fetch, open, check and show it. */
export interface FileFields {
  /** As its author called it: at most 255 bytes of UTF-8, no path. Save it under `safeFileName(name)`. */
  name: string
  /** For showing it; never a reason to run it. */
  mediaType: string
  /** Of the plaintext. */
  sizeBytes: number
  /** Of the sealed file, a UnixFS file. Also among the action's `links`, so that holders without keys keep its blocks. */
  root: CID
  /** 32 bytes, of this file alone. */
  key: Uint8Array
  /** Of the plaintext: 32 bytes. */
  sha256: Uint8Array
  thumbnail?: FileThumbnail | undefined
}

const thumbnailSchema = z.strictObject({
  mediaType: z.enum(['image/png', 'image/jpeg', 'image/webp']),
  bytes: bytesSchema({ maxBytes: MAX_THUMBNAIL_BYTES }),
  width: countSchema(MAX_THUMBNAIL_PIXELS),
  height: countSchema(MAX_THUMBNAIL_PIXELS)
}).check(z.refine(isThumbnail, 'expected what the thumbnail’s own header says'))

/** The fields of `FileFields`, for a content that has others as well. */
export const fileShape = {
  name: z.string().check(z.maxLength(MAX_FILE_NAME_BYTES), z.refine(isFileName, 'expected a file name without path or control characters')),
  mediaType: z.string().check(z.maxLength(MAX_MEDIA_TYPE_CHARS), z.refine(isMediaType, 'expected a media type without parameters')),
  sizeBytes: countSchema(MAX_FILE_BYTES),
  root: cidSchema,
  key: bytesSchema({ exactBytes: FILE_KEY_BYTES }),
  sha256: bytesSchema({ exactBytes: 32 }),
  thumbnail: z.optional(thumbnailSchema)
}

/** Checks that a root can be one of a file of this size: use it with `fileShape`. */
export function fitsRoot ({ root, sizeBytes }: { root: CID, sizeBytes: number }): boolean {
  return isRootOf(dagOf(sizeBytes), root)
}

/** Checks the fields of an attached file. */
export const fileSchema: z.ZodMiniType<FileFields> = z.strictObject(fileShape).check(z.refine(fitsRoot, 'root: expected one of a file of this size'))
