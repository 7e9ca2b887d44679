import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { startOrbitDB, type Events, type OrbitDBNode } from './orbitdb-node.mjs'

let peer: OrbitDBNode | undefined

export const role = {
  /** Starts the node that has the log. */
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<{ database: string, addresses: string[], heads: string }> {
    peer = await startOrbitDB(folder)
    const database = await peer.create('benchmark')
    for (let action = 0; action < actions; action++) await database.add(randomBytes(bodyBytes / 2).toString('hex'))
    return { database: database.address.toString(), addresses: peer.addresses(), heads: await headsOf(database) }
  },
  /** Starts a node with nothing in it. */
  async begins (folder: string): Promise<void> {
    peer = await startOrbitDB(folder)
  },
  /** Dials, opens the database, and waits until its heads are `heads`: they are joined after all that is before them. */
  async replicates (database: string, addresses: string[], heads: string): Promise<{ wallMs: number, cpuMs: number, received: number }> {
    if (peer === undefined) throw new RangeError('the node was not started')
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    await peer.dial(addresses)
    const copy = await peer.open(database)
    await new Promise<void>((resolve, reject) => {
      const look = (): void => { headsOf(copy).then(reached => { if (reached === heads) resolve() }, reject) }
      copy.events.on('update', look)
      look()
    })
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    const received = (await copy.all()).length
    return { wallMs, cpuMs: (user + system) / 1000, received }
  }
}

async function headsOf (database: Events): Promise<string> {
  return (await database.log.heads()).map(({ hash }) => hash).sort().join(' ')
}

if (process.send !== undefined) playRole(role)
