import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { startOrbitDB, type Events } from './orbitdb-node.mjs'

let database: Events | undefined

export const role = {
  async begins (folder: string): Promise<void> {
    database = await (await startOrbitDB(folder)).create('benchmark')
  },
  /** Adds entries, each after the one before is stored. */
  async appends (count: number, { bodyBytes }: { bodyBytes: number }): Promise<{ wallMs: number, cpuMs: number }> {
    if (database === undefined) throw new RangeError('nothing was begun')
    const values = Array.from({ length: count }, () => randomBytes(bodyBytes / 2).toString('hex'))
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    for (const value of values) await database.add(value)
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    return { wallMs, cpuMs: (user + system) / 1000 }
  },
  async counts (): Promise<number> {
    return (await database?.all())?.length ?? 0
  }
}

if (process.send !== undefined) playRole(role)
