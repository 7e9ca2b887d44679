import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { readIdentity } from 'parley/node'
import { failure, ok, warning, type Finding, type MachineCheck } from './finding.ts'

/** Below this much free room a proxy stops keeping and a device soon will. */
const LOW_BYTES = 256e6

/** The data folder and its key files: whose they are, who may read them, whether a passphrase protects them, and whether there is room. */
export const checkFolder: MachineCheck = async ({ folder }) => {
  const found = await stat(folder.root).catch(() => undefined)
  if (found?.isDirectory() !== true) return [failure('folder', `There is no data folder ${folder.root}`, 'parley id create makes one; --data names another')]
  const findings = [judgeOwner(folder.root, found, process.platform === 'win32' ? undefined : process.getuid?.())]
  const names = (await readdir(folder.keys).catch(() => [])).filter(name => name.endsWith('.key') || name.endsWith('.switch'))
  if (names.length > 0 && process.platform !== 'win32') {
    const modes = await Promise.all(names.map(async name => ({ name, mode: (await stat(join(folder.keys, name))).mode & 0o777 })))
    findings.push(...judgeModes(folder.keys, (await stat(folder.keys)).mode & 0o777, modes))
  }
  // Without a passphrase only keys in the clear open, whatever was given to this command.
  if (names.length > 0) findings.push(...judgeProtection(await readIdentity(folder.root).then(() => undefined, (error: unknown) => error as Error)))
  const { bavail, bsize } = await statfs(folder.root)
  return [...findings, judgeRoom(bavail * bsize)]
}

/** Judges whose a folder is and who may look into it; `uid` is that of this process, where the system has such. */
export function judgeOwner (folder: string, { uid: owner, mode }: { uid: number, mode: number }, uid: number | undefined): Finding {
  if (uid === undefined) return ok('folder', folder)
  // The administrator may open everybody's.
  if (owner !== uid && uid !== 0) return failure('folder', `${folder} belongs to another user of this machine`, `Run parley as that user, or: sudo chown -R ${uid} ${folder}`)
  if ((mode & 0o077) !== 0) return warning('folder', `Others on this machine can look into ${folder}`, `chmod 700 ${folder}`)
  return ok('folder', `${folder}, for this user alone`)
}

/** Judges by what became of reading the keys without a passphrase. */
export function judgeProtection (failureOfReading: Error | undefined): Finding[] {
  if (failureOfReading === undefined) return [warning('passphrase', 'The key files are in the clear: whoever gets at the folder has your keys', 'parley id passphrase --new-passphrase-file FILE')]
  // What else is wrong with them is told when they are opened.
  return failureOfReading.name === 'PassphraseNeededError' ? [ok('passphrase', 'the key files are encrypted')] : []
}

/** Judges the modes of a key folder and the files in it. */
export function judgeModes (folder: string, mode: number, files: Array<{ name: string, mode: number }>): Finding[] {
  const open = files.filter(file => (file.mode & 0o077) !== 0).map(({ name }) => name)
  if (open.length > 0) return [failure('keys', `Others on this machine can read ${open.join(', ')}`, `chmod 600 ${folder}/*.key`)]
  if ((mode & 0o077) !== 0) return [warning('keys', `Others on this machine can look into ${folder}`, `chmod 700 ${folder}`)]
  return [ok('keys', `${files.length} key files, for this user alone`)]
}

/** Judges how much room is left on the disk. */
export function judgeRoom (freeBytes: number): Finding {
  const words = `${(freeBytes / 1e9).toFixed(1)} GB free`
  return freeBytes < LOW_BYTES ? failure('disk', words, 'Make room: what is said to you or by you may not be kept') : ok('disk', words)
}
