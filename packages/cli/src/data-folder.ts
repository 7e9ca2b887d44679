import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { homedir, tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { FileError } from './errors.ts'
import type { Io } from './io.ts'

/** Where things are in a data folder. */
export interface DataFolder {
  root: string
  /** Level store of the person's device. */
  store: string
  /** Key files of the person and the device. */
  keys: string
  /** Socket of the process that owns the device's store. */
  socket: string
  /** Everything of a proxy that runs in this folder: keys, store, where its status is. */
  proxy: { root: string, store: string, keys: string, running: string, settings: string }
}

/**
 * Finds the data folder: `--data`, then PARLEY_DATA, then the user's data home
 * (XDG_DATA_HOME, or its usual place on the platform).
 */
export function dataFolder (io: Pick<Io, 'cwd' | 'env'>, given: string | undefined): DataFolder {
  const root = resolve(io.cwd, given ?? io.env['PARLEY_DATA'] ?? join(dataHome(io.env), 'parley'))
  const proxy = join(root, 'proxy')
  return {
    root,
    store: join(root, 'store'),
    keys: join(root, 'keys'),
    socket: socketPath(root),
    proxy: { root: proxy, store: join(proxy, 'store'), keys: join(proxy, 'keys'), running: join(proxy, 'running.json'), settings: join(proxy, 'settings.json') }
  }
}

/** Most systems bound the length of a socket's path at about a hundred bytes; Windows has named pipes instead. */
function socketPath (root: string): string {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\parley-${name}`
  const path = join(root, 'device.sock')
  return Buffer.byteLength(path) <= 100 ? path : join(tmpdir(), `parley-${name}.sock`)
}

function dataHome (env: Io['env']): string {
  const { XDG_DATA_HOME: xdg, APPDATA: appData } = env
  if (xdg !== undefined && xdg !== '') return xdg
  if (process.platform === 'win32' && appData !== undefined) return appData
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support')
  return join(homedir(), '.local', 'share')
}

/**
 * Makes the data folder with all above it. Not by `mkdir`'s own `recursive`:
 * under a file system that refuses new folders, as /proc, that never ends.
 *
 * @throws {FileError} with the folder that could not be made
 */
export async function makeDataFolder (root: string): Promise<void> {
  try {
    await mkdir(root, { mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(root)).isDirectory()) return
    const parent = dirname(root)
    if (code !== 'ENOENT' || parent === root || await isFolder(parent)) throw new FileError(`The folder ${root} cannot be made`, { cause })
    await makeDataFolder(parent)
    await makeDataFolder(root)
  }
}

async function isFolder (path: string): Promise<boolean> {
  return await stat(path).then(found => found.isDirectory(), () => false)
}

/** The name a person gets when none is given: that of their account. */
export function accountName (): string {
  try {
    return userInfo().username
  } catch {
    return 'me'
  }
}
