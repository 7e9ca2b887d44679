import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes in the files of a folder and those below; files that go away meanwhile count as nothing. */
export async function folderBytes (folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const sizes = await Promise.all(names.map(async name => await stat(join(folder, name)).then(found => found.isFile() ? found.size : 0, () => 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}
