import { CID, createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { createConversations, createSync, type Conversations, type Sync } from '@parley/conversations'
import { createNetwork, type Network, type PeerTarget } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { setTimeout as pause } from 'node:timers/promises'
import { cast, introduced } from '../harness/cast.ts'
import { machineMs, playRole } from '../harness/role.ts'
import type { Append } from './append.ts'

interface Node { network: Network, conversations: Conversations, sync: Sync, id?: CID }

let node: Node | undefined
/** When each action was seen and stored here, by its CID, on the machine's clock. */
const seen = new Map<string, number>()

function started (): Node {
  if (node === undefined) throw new RangeError('the node was not started')
  return node
}

export const role = {
  /** Starts person `number` of two with a level store. */
  async begins (folder: string, number: number): Promise<void> {
    const everybody = await cast(2)
    const who = everybody[number]
    if (who === undefined) throw new RangeError(`there is no person ${number}`)
    const components = { clock: createSystemClock(), random: systemRandom, logger: silentLogger, device: who.device, person: who.did }
    const store = await openLevelStore(folder)
    const people = await introduced(store, everybody)
    const network = await createNetwork({ store, logger: silentLogger }, { seed: who.device.seed, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const conversations = await createConversations({ ...components, store, people })
    // Told when an action is stored; in a live sync it is flushed right after, and acknowledged then.
    conversations.on('action', ({ action, local }) => { if (!local) seen.set(action.cid.toString(), machineMs()) })
    node = { network, conversations, sync: await createSync({ ...components, network, conversations, people }) }
  },
  /** Creates the conversation; returns what the other one needs. */
  async creates (): Promise<{ id: string, target: PeerTarget }> {
    const open = started()
    const people = await cast(2)
    open.id = (await open.conversations.create({ subject: 'benchmark', participants: people.map(({ did }) => did) })).id
    return { id: open.id.toString(), target: { peer: open.network.peerId, addresses: open.network.addresses() } }
  },
  /** Keeps in step with the other one from now on; resolves when both have the same. */
  async follows (id: string, target: PeerTarget): Promise<void> {
    const { sync } = started()
    const current = new Promise<void>(resolve => { sync.on('current', () => { resolve() }) })
    const live = sync.sync(CID.parse(id), target, { live: true })
    await Promise.race([current, live])
  },
  /** Appends messages with a pause between them; returns when each was asked for and when it was stored here. */
  async appends (count: number, { bodyBytes, pauseMs }: { bodyBytes: number, pauseMs: number }): Promise<Append[]> {
    const { conversations, id } = started()
    if (id === undefined) throw new RangeError('there is no conversation')
    const conversation = await conversations.open(id)
    const appends: Append[] = []
    for (let index = 0; index < count; index++) {
      const body = Buffer.from(systemRandom(bodyBytes / 2)).toString('hex')
      const askedMs = machineMs()
      const { cid } = await conversation.append({ verb: 'add', thing: 'message', message: systemRandom(16), body })
      appends.push({ name: cid.toString(), askedMs, storedMs: machineMs() })
      await pause(pauseMs)
    }
    return appends
  },
  /** When actions were seen and stored here. */
  sees: (names: string[]): Array<number | undefined> => names.map(name => seen.get(name))
}

if (process.send !== undefined) playRole(role)
