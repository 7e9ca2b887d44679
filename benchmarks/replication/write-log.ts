import { createSystemClock, silentLogger, systemRandom, type CID } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { createConversations, type Content, type Conversations } from '@parley/conversations'
import { introduced, type Somebody } from '../harness/cast.ts'

/** Actions that one author writes before the next one does. */
const TURN = 50

/**
 * Has `authors` write a conversation with one another in turns, until there
 * are `actions`, all of them actions of the log like any other; `copy` then
 * holds all. Every author but the first has written about as much as another.
 */
export async function writeLog (copy: Conversations, { everybody, authors, actions, bodyBytes }: { everybody: Somebody[], authors: number, actions: number, bodyBytes: number }): Promise<CID> {
  const writers: Conversations[] = []
  for (const { did, device } of everybody.slice(0, authors)) {
    const store = createMemoryStore()
    writers.push(await createConversations({ store, people: await introduced(store, everybody), clock: createSystemClock(), random: systemRandom, logger: silentLogger, device, person: did }))
  }
  const [first] = writers
  if (first === undefined) throw new RangeError('a log needs an author')
  const { id } = await first.create({ subject: 'benchmark', participants: everybody.map(({ did }) => did) })
  let last = first
  let written = everybody.length
  for (let turn = 0; written < actions; turn++) {
    const writer = writers[turn % writers.length] ?? first
    await carry(last, writer, id)
    const conversation = await writer.open(id)
    const count = Math.min(TURN, actions - written)
    await conversation.appendAll(Array.from({ length: count }, () => message(bodyBytes)))
    written += count
    last = writer
  }
  await carry(last, copy, id)
  for (const writer of writers) await writer.stop()
  return id
}

/** A text message of `bodyBytes` ASCII characters that no other is equal to. */
export function message (bodyBytes: number): Content {
  const body = Buffer.from(systemRandom(Math.ceil(bodyBytes / 2))).toString('hex').slice(0, bodyBytes)
  return { verb: 'add', thing: 'message', message: systemRandom(16), body }
}

async function carry (from: Conversations, to: Conversations, id: CID): Promise<void> {
  if (from === to) return
  const target = to.holder(id)
  for await (const blocks of from.holder(id).since(await target.frontier(), { maxBytes: 4 * 1024 * 1024 })) {
    const { refused } = await target.merge(blocks)
    if (refused > 0) throw new RangeError(`${refused} actions were refused`)
  }
}
