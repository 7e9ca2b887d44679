import type { CID } from '@parley/core'
import type { Files } from '../files/files.ts'
import type { RemoveLinked } from './remove-log.ts'

/** Returns what removes the files of a purged conversation: give it, or what calls it, to `createConversations`. A file in use is tried again later. */
export function removeFilesWith (files: Pick<Files, 'remove'>): RemoveLinked {
  return async (roots: CID[], { signal }) => {
    for (const root of roots) {
      signal?.throwIfAborted()
      await files.remove(root)
    }
  }
}
