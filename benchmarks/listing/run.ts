import { createSystemClock, silentLogger, systemRandom, type CID, type Store } from '@parley/core'
import { createConversationList, createConversations, createGrowthMarks, createPrivateState, type Content, type ConversationList, type Conversations, type PrivateState } from '@parley/conversations'
import { openLevelStore } from '@parley/network/node'
import { cast, introduced } from '../harness/cast.ts'
import { withFolder } from '../harness/folder.ts'
import { printMachine } from '../harness/machine.ts'
import { median, quantile } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { ms, printTable, ratio } from '../harness/table.ts'

const { short } = readMode({ rounds: 1 })
const count = short ? 100 : 10_000
const messages = 10
const pages = short ? 20 : 1_000
const actions = short ? 10 : 200
const limitMs = 10

interface Device { store: Store, conversations: Conversations, privateState: PrivateState, list: ConversationList, openMs: number, settleMs: number }

const message = (body: string): Content => ({ verb: 'add', thing: 'message', message: systemRandom(16), body })

/** Opens a device and its list, and takes the time of the latter. */
async function open (folder: string): Promise<Device> {
  const everybody = await cast(2)
  const [alice] = everybody
  if (alice === undefined) throw new RangeError('there is nobody')
  const growth = createGrowthMarks(await openLevelStore(folder))
  const common = { clock: createSystemClock(), random: systemRandom, logger: silentLogger }
  const conversations = await createConversations({ ...common, store: growth.store, people: await introduced(growth.store, everybody), device: alice.device, person: alice.did })
  const home = await conversations.home()
  const privateState = createPrivateState({ home, device: alice.device.did, logger: silentLogger })
  // The home's own index is opened by whatever asks first; that is not the list's time.
  await home.get('marks', 'none')
  const startedMs = performance.now()
  const list = await createConversationList({ ...common, conversations, home, privateState, growth, person: alice.did, storageKey: alice.device.storageKey })
  const openMs = performance.now() - startedMs
  await list.settled()
  return { store: growth.store, conversations, privateState, list, openMs, settleMs: performance.now() - startedMs }
}

async function close ({ list, privateState, conversations, store }: Device): Promise<void> {
  await list.stop()
  await privateState.stop()
  await conversations.stop()
  await store.close()
}

/** What a list without an index does: opens each log, and sorts. */
async function naive ({ conversations }: Device): Promise<CID[]> {
  const found: Array<{ id: CID, at: number, subject: string | undefined, unread: number }> = []
  for await (const id of conversations.ids()) {
    const { subject, messages, created } = await (await conversations.open(id)).state()
    found.push({ id, subject, unread: messages.length, at: Math.max(created, ...messages.map(({ time }) => time.wallMs)) })
  }
  return found.sort((a, b) => b.at - a.at || (a.id.toString() < b.id.toString() ? -1 : 1)).slice(0, 50).map(({ id }) => id)
}

function time<T> (times: number, work: () => T): { result: T, took: number[] } {
  let result = work()
  const took: number[] = []
  for (let turn = 0; turn < times; turn++) {
    const startedMs = performance.now()
    result = work()
    took.push(performance.now() - startedMs)
  }
  return { result, took }
}

printMachine()
await withFolder(async folder => {
  const writing = await open(folder)
  const bob = (await cast(2))[1]
  if (bob === undefined) throw new RangeError('there is nobody')
  const ids: CID[] = []
  for (let number = 0; number < count; number++) {
    const contents = Array.from({ length: messages }, (_none, index) => message(`message ${index} of conversation ${number}`))
    ids.push((await writing.conversations.create({ subject: `Conversation ${number}`, participants: [bob.did], contents })).id)
    if (number % 10 === 0) await writing.privateState.set(ids[number] as CID, { labels: { add: ['tenth'] } })
  }
  await writing.list.settled()
  await close(writing)

  const device = await open(folder)
  const { list, conversations } = device
  const first = time(pages, () => list.page({ archived: false }))
  const labelled = time(pages, () => list.page({ privateLabel: 'tenth' }))
  const nothing = time(Math.ceil(pages / 10), () => list.page({ subject: 'no subject of any' }))
  if (first.result.entries.length !== Math.min(50, count) || labelled.result.entries.length !== Math.min(50, count / 10) || nothing.result.entries.length !== 0) throw new RangeError('a page has not what it should have')

  const shown: number[] = []
  for (let number = 0; number < actions; number++) {
    // Ones that nobody opened since the process began.
    const id = ids[Math.floor(number * count / actions)] as CID
    const conversation = await conversations.open(id)
    const told = new Promise<number>(resolve => {
      const off = list.on('changed', change => {
        if (!change.id.equals(id)) return
        off()
        resolve(performance.now())
      })
    })
    const action = await conversation.append(message('the newest'))
    const startedMs = performance.now()
    shown.push(Math.max(0, await told - startedMs))
    const [top] = list.page({ limit: 1 }).entries
    if (top?.head?.equals(action.cid) !== true) throw new RangeError('what was said last is not at the top')
  }
  const before = list.page().entries.map(({ id }) => id.toString())
  const startedMs = performance.now()
  const read = await naive(device)
  const naiveMs = performance.now() - startedMs
  if (read.some((id, place) => id.toString() !== before[place])) throw new RangeError('the list is not that of the logs')
  await close(device)

  const row = (what: string, took: readonly number[], compared = ''): string[] => [what, ms(median(took)), ms(quantile(took, 0.95)), compared]
  printTable([`${count} conversations of ${messages + 2} actions`, 'median', '95 %', 'logs read instead'], [
    row(`first page of 50, warm (limit ${limitMs} ms)`, first.took, short ? '' : ratio(naiveMs / median(first.took))),
    row('one in ten, by a label', labelled.took),
    row('a subject that there is not', nothing.took),
    row('from stored to shown, of a log that was closed', shown),
    row('list opened after a restart', [device.openMs], short ? '' : ratio(naiveMs / device.openMs)),
    row('… and up to date', [device.settleMs]),
    row('the first page by reading the logs', [naiveMs])
  ])
})
printMachine()
