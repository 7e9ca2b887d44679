import { setTimeout as pause } from 'node:timers/promises'
import { printMachine } from '../harness/machine.ts'
import { median, quantile } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole } from '../harness/role.ts'
import { ms, printTable } from '../harness/table.ts'
import { countBytes } from './byte-counter.ts'
import { proxyOf } from './contacts.ts'
import type { role as gossipRole } from './gossip-role.ts'
import type { role as proxyRole } from './proxy-role.ts'
import type { role as watcherRole } from './watcher-role.ts'

const { short } = readMode({ rounds: 1 })
const contacts = short ? 40 : 1_000
const proxies = short ? 2 : 4
/** A heartbeat comes each minute; here each second, or faster. */
const beatMs = short ? 250 : 1_000
/** As many as one statement is good for, so that one renewal of each falls in. */
const beats = short ? 8 : 60
/** The connection's own pings come every 15 to 60 s, and are not compressed. */
const idleMs = short ? 1_000 : 60_000
const flips = short ? 10 : 200
const limitBytes = 100
const here = new URL('.', import.meta.url)

interface Result { name: string, bytesPerBeat: number, cpuMs: number }

async function parley (): Promise<Result> {
  // A processor that stalls for half a second must not pass for half a minute's silence: the lifetime is longer in beats than the protocol's 2.5.
  const timers = { beatMs, deadMs: 8 * beatMs, statementGapMs: 1 }
  const serving = await Promise.all(Array.from({ length: proxies }, async () => await startRole<typeof proxyRole>(new URL('proxy-role.ts', here))))
  const addresses = await Promise.all(serving.map(async (proxy, number) => await proxy.ask('begins', number, proxies, contacts, timers)))
  const counters = await Promise.all(addresses.map(countBytes))
  const bytes = (): number => counters.reduce((sum, counter) => sum + counter.bytes(), 0)
  const watcher = await startRole<typeof watcherRole>(new URL('watcher-role.ts', here), ['--expose-gc'])
  await watcher.ask('begins', contacts, counters.map(({ address }) => address), timers)
  await watcher.ask('connects')
  await pause(short ? 200 : 5_000)

  const idle = bytes()
  await pause(idleMs)
  const upkeepPerMinute = (bytes() - idle) / idleMs * 60_000
  const emptyBytes = await watcher.ask('memoryBytes')

  const watchedMs = performance.now()
  const before = bytes()
  await watcher.ask('watches')
  while (await watcher.ask('live') < contacts) {
    if (performance.now() - watchedMs > 30_000) throw new RangeError(`only ${await watcher.ask('live')} of ${contacts} contacts are live`)
    await pause(20)
  }
  const [allMs, allBytes] = [performance.now() - watchedMs, bytes() - before]
  const memoryBytes = await watcher.ask('memoryBytes') - emptyBytes

  await pause(2 * beatMs)
  const changes = await watcher.ask('changes')
  const [atRest, cpu] = [bytes(), await watcher.cpuMs()]
  const startedMs = performance.now()
  await pause(beats * beatMs)
  const told = (performance.now() - startedMs) / beatMs
  const bytesPerBeat = (bytes() - atRest) / told
  const cpuMs = (await watcher.cpuMs() - cpu) / told
  if (await watcher.ask('live') !== contacts) throw new RangeError('a contact at rest did not stay live')
  if (await watcher.ask('changes') !== changes) throw new RangeError('something changed at rest')

  const took: number[] = []
  for (let flip = 0; flip < flips; flip++) {
    const number = (flip * 7) % contacts
    const at = await serving[proxyOf(number, proxies)]?.ask('flips', number, 'busy') ?? 0
    let became = await watcher.ask('became', number, 'busy')
    for (let turn = 0; became === undefined; turn++) {
      if (turn > 2_000) throw new RangeError(`the flip of contact ${number} was not seen`)
      await pause(2)
      became = await watcher.ask('became', number, 'busy')
    }
    took.push(became - at)
  }
  const refused = [await watcher.ask('refused'), ...(await Promise.all(serving.map(async proxy => await proxy.ask('refused')))).flat()].filter(refusals => Object.keys(refusals).length > 0)
  if (refused.length > 0) throw new RangeError(`refused: ${JSON.stringify(refused)}`)

  const each = (value: number): string => (value / contacts).toFixed(1)
  const total = (bytesPerBeat + upkeepPerMinute) / contacts
  printTable([`${contacts} contacts at ${proxies} proxies, all live`, ''], [
    ['presence, bytes a contact and minute', each(bytesPerBeat)],
    ['upkeep of the connections, which are there anyway', each(upkeepPerMinute)],
    [`both (limit ${limitBytes})`, total.toFixed(1)],
    ['upkeep of one connection, bytes a minute', (upkeepPerMinute / proxies).toFixed(0)],
    ['a contact’s change seen: median', ms(median(took))],
    ['… 95 %', ms(quantile(took, 0.95))],
    ['all seen after watching', ms(allMs)],
    ['… bytes a contact, once', each(allBytes)],
    ['memory of the watcher, KiB a contact', each(memoryBytes / 1024)],
    ['processor of the watcher, ms a minute', cpuMs.toFixed(1)]
  ])
  if (!short && total > limitBytes) throw new RangeError(`${total.toFixed(1)} bytes a contact and minute are more than ${limitBytes}`)
  await watcher.ask('stops')
  await watcher.end()
  for (const proxy of serving) { await proxy.ask('stops'); await proxy.end() }
  for (const counter of counters) counter.stop()
  return { name: 'parley', bytesPerBeat, cpuMs }
}

async function gossip (): Promise<Result> {
  const file = new URL('gossip-role.ts', here)
  const publishers = await Promise.all(Array.from({ length: proxies }, async () => await startRole<typeof gossipRole>(file)))
  const addresses = await Promise.all(publishers.map(async (publisher, number) => await publisher.ask('publishes', number, proxies, contacts, beatMs)))
  const counters = await Promise.all(addresses.map(countBytes))
  const bytes = (): number => counters.reduce((sum, counter) => sum + counter.bytes(), 0)
  const watcher = await startRole<typeof gossipRole>(file)
  await watcher.ask('subscribes', contacts, counters.map(({ address }) => address))
  await pause(5_000)
  const [before, heard, cpu] = [bytes(), await watcher.ask('heard'), await watcher.cpuMs()]
  await pause(beats * beatMs)
  // What was heard counts, so that a publisher that falls behind is not thought cheap.
  const told = (await watcher.ask('heard') - heard) / contacts
  const result = { name: 'gossipsub StrictSign, one topic a contact', bytesPerBeat: (bytes() - before) / told, cpuMs: (await watcher.cpuMs() - cpu) / told }
  await watcher.ask('stops')
  await watcher.end()
  for (const publisher of publishers) { await publisher.ask('stops'); await publisher.end() }
  for (const counter of counters) counter.stop()
  return result
}

printMachine()
const results = [await parley(), ...short ? [] : [await gossip()]]
printTable(['one heartbeat of every contact', 'bytes a contact', 'of the limit', 'processor of the watcher'], results.map(({ name, bytesPerBeat, cpuMs }) => [
  name, (bytesPerBeat / contacts).toFixed(1), `${(bytesPerBeat / contacts / limitBytes).toFixed(2)}`, ms(cpuMs)
]))
printMachine()
process.exit(0)
