import Hypercore from 'hypercore'
import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'

let core: Hypercore | undefined

export const role = {
  async begins (folder: string): Promise<void> {
    core = new Hypercore(folder)
    await core.ready()
  },
  /** Appends blocks, each after the one before is stored. */
  async appends (count: number, { bodyBytes }: { bodyBytes: number }): Promise<{ wallMs: number, cpuMs: number }> {
    if (core === undefined) throw new RangeError('nothing was begun')
    const blocks = Array.from({ length: count }, () => randomBytes(bodyBytes))
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    for (const block of blocks) await core.append(block)
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    return { wallMs, cpuMs: (user + system) / 1000 }
  },
  counts: (): number => core?.length ?? 0
}

if (process.send !== undefined) playRole(role)
