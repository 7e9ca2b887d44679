import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { measureOpening, type Opened } from './opened.ts'
import { startOrbitDB } from './orbitdb-node.mjs'

export const role = {
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<string> {
    const node = await startOrbitDB(folder)
    const database = await node.open('benchmark')
    for (let entry = 0; entry < actions; entry++) await database.add(randomBytes(bodyBytes / 2).toString('hex'))
    await node.stop()
    return database.address.toString()
  },
  /** Opens the database and reads all entries, which is what its applications do; the node runs before. */
  async opens (folder: string, address: string): Promise<Opened> {
    const node = await startOrbitDB(folder)
    const opened = await measureOpening(async () => await (await node.open(address)).all(), entries => entries.length)
    await node.stop()
    return opened
  }
}

if (process.send !== undefined) playRole(role)
