import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { failure, ok, warning, type Check, type Finding } from './finding.ts'

/** Below this much free room a proxy stops keeping and a device soon will. */
const LOW_BYTES = 256e6

/** The data folder and its key files: who may read them, and whether there is room. */
export const checkFolder: Check = async ({ context: { folder } }) => {
  const findings: Finding[] = []
  if (process.platform !== 'win32') {
    const names = (await readdir(folder.keys)).filter(name => name.endsWith('.key') || name.endsWith('.switch'))
    const modes = await Promise.all(names.map(async name => ({ name, mode: (await stat(join(folder.keys, name))).mode & 0o777 })))
    findings.push(...judgeModes(folder.keys, (await stat(folder.keys)).mode & 0o777, modes))
  }
  const { bavail, bsize } = await statfs(folder.root)
  findings.push(judgeRoom(bavail * bsize))
  return findings
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
