import { failure, ok, type Finding, type MachineCheck } from './finding.ts'

/** The oldest Node that Parley runs on; `engines` of every package says the same. */
const OLDEST = [22, 13] as const

export const checkNode: MachineCheck = async () => [judgeNode(process.versions.node)]

/** Judges a version such as `22.13.0`. */
export function judgeNode (version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  return isOld ? failure('node', `Node ${version} is too old`, `Install Node ${OLDEST.join('.')} or newer`) : ok('node', `version ${version}`)
}
