import { CID, createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { createConversations, type Content, type Conversations } from '@parley/conversations'
import { openLevelStore } from '@parley/network/node'
import { cast, introduced } from '../harness/cast.ts'
import { playRole } from '../harness/role.ts'
import { measureOpening, type Opened } from './opened.ts'

async function start (folder: string): Promise<{ conversations: Conversations, stop(): Promise<void> }> {
  const everybody = await cast(2)
  const [alice] = everybody
  if (alice === undefined) throw new RangeError('there is nobody')
  const store = await openLevelStore(folder)
  const people = await introduced(store, everybody)
  const conversations = await createConversations({ store, people, clock: createSystemClock(), random: systemRandom, logger: silentLogger, device: alice.device, person: alice.did })
  return {
    conversations,
    async stop () {
      await conversations.stop()
      await store.close()
    }
  }
}

export const role = {
  /** Writes a conversation, each message appended by itself, and reads it once, as its writer does. */
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<string> {
    const node = await start(folder)
    const everybody = await cast(2)
    const conversation = await node.conversations.create({ subject: 'benchmark', participants: everybody.map(({ did }) => did) })
    for (let written = 2; written < actions; written++) {
      const content: Content = { verb: 'add', thing: 'message', message: systemRandom(16), body: Buffer.from(systemRandom(bodyBytes / 2)).toString('hex') }
      await conversation.append(content)
    }
    await conversation.state()
    await node.stop()
    return conversation.id.toString()
  },
  /** Opens the conversation: the store is open, nothing of the log is in memory. */
  async opens (folder: string, id: string): Promise<Opened> {
    const node = await start(folder)
    const opened = await measureOpening(async () => await (await node.conversations.open(CID.parse(id))).state(), ({ messages }) => messages.length)
    await node.stop()
    return opened
  }
}

if (process.send !== undefined) playRole(role)
