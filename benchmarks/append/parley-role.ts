import { createSystemClock, silentLogger, systemRandom, type Store } from '@parley/core'
import { createConversations, type Content, type Conversation, type Conversations } from '@parley/conversations'
import { openLevelStore } from '@parley/network/node'
import { cast, introduced } from '../harness/cast.ts'
import { playRole } from '../harness/role.ts'

let node: { store: Store, conversations: Conversations, conversation: Conversation } | undefined

export const role = {
  /** Opens a level store and creates a conversation of two people in it. */
  async begins (folder: string): Promise<void> {
    const everybody = await cast(2)
    const [alice] = everybody
    if (alice === undefined) throw new RangeError('there is nobody')
    const store = await openLevelStore(folder)
    const people = await introduced(store, everybody)
    const conversations = await createConversations({ store, people, clock: createSystemClock(), random: systemRandom, logger: silentLogger, device: alice.device, person: alice.did })
    node = { store, conversations, conversation: await conversations.create({ subject: 'benchmark', participants: everybody.map(({ did }) => did) }) }
  },
  /** Appends messages, each after the one before is stored. */
  async appends (count: number, { bodyBytes, durable }: { bodyBytes: number, durable: boolean }): Promise<{ wallMs: number, cpuMs: number }> {
    if (node === undefined) throw new RangeError('nothing was begun')
    const contents = Array.from({ length: count }, (): Content => ({
      verb: 'add', thing: 'message', message: systemRandom(16), body: Buffer.from(systemRandom(bodyBytes / 2)).toString('hex')
    }))
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    for (const content of contents) await node.conversation.append(content, { durable })
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    return { wallMs, cpuMs: (user + system) / 1000 }
  },
  /** Opens what was stored again and counts the messages. */
  async counts (folder: string): Promise<number> {
    if (node === undefined) throw new RangeError('nothing was begun')
    const { id } = node.conversation
    await node.conversations.stop()
    await node.store.close()
    const everybody = await cast(2)
    const [alice] = everybody
    if (alice === undefined) throw new RangeError('there is nobody')
    const store = await openLevelStore(folder)
    const conversations = await createConversations({ store, people: await introduced(store, everybody), clock: createSystemClock(), random: systemRandom, logger: silentLogger, device: alice.device, person: alice.did })
    const { messages } = await (await conversations.open(id)).state()
    await conversations.stop()
    await store.close()
    return messages.length
  }
}

if (process.send !== undefined) playRole(role)
