import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root folder of the repository, without a slash at its end. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Folder names of the packages, in the order of the alphabet. */
export function packageFolders (): string[] {
  return readdirSync(join(root, 'packages')).filter(name => existsSync(join(root, 'packages', name, 'package.json'))).sort()
}

/** Paths below `folder`, relative to the root, whose name matches; dependencies and builds are left out. */
export function filesBelow (folder: string, name: RegExp): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesBelow(path, name)
    return name.test(entry.name) ? [path] : []
  }).sort()
}
