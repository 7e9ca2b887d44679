import { open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The steps of the file system that an atomic write takes; a test makes one of them fail. */
export interface FileSteps {
  open(path: string, flags: string, mode?: number): Promise<Pick<FileHandle, 'writeFile' | 'sync' | 'close'>>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

/** The file system of the machine. */
export const systemSteps: FileSteps = { open, rename, unlink }

/**
 * Writes a file so that, whatever dies at whatever moment, the path holds all
 * of the old content or all of the new. Resolves once the content and its name
 * are on the disk itself.
 */
export async function writeAtomically (path: string, temporary: string, bytes: Uint8Array, steps: FileSteps = systemSteps): Promise<void> {
  try {
    const file = await steps.open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await steps.rename(temporary, path)
  } catch (error) {
    await steps.unlink(temporary).catch(() => {})
    throw error
  }
  // The new name is in the folder, which is a file of its own to be flushed.
  const folder = await steps.open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
