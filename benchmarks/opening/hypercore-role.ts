import Hypercore from 'hypercore'
import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { measureOpening, type Opened } from './opened.ts'

export const role = {
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<string> {
    const core = new Hypercore(folder)
    await core.ready()
    for (let block = 0; block < actions; block++) await core.append(randomBytes(bodyBytes))
    await core.close()
    return ''
  },
  /** Opens the core and reads every block. */
  async opens (folder: string): Promise<Opened> {
    const kept: { core?: Hypercore } = {}
    const opened = await measureOpening(async () => {
      const core = kept.core = new Hypercore(folder)
      await core.ready()
      return await Promise.all(Array.from({ length: core.length }, async (_none, index) => await core.get(index)))
    }, blocks => blocks.length)
    await kept.core?.close()
    return opened
  }
}

if (process.send !== undefined) playRole(role)
