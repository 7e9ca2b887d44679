import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../../../../', import.meta.url).pathname
const shared = process.env['PARLEY_SHARED'] ?? join(root, '..', 'shared')

/** Reads a standard vector file kept beside the repository, or skips the running test and says why. */
export function sharedVectors<T> (context: Mocha.Context, name: string): T {
  const path = join(shared, 'vectors', name)
  if (!existsSync(path)) {
    console.log(`      skipped: ${path} is missing; set PARLEY_SHARED to the folder that holds vectors/`)
    context.skip()
  }
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

/** Reads a frozen vector file of this package. */
export function frozenVectors<T> (name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/v1/${name}`, import.meta.url), 'utf8')) as T
}
