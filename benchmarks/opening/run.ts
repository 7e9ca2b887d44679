import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withFolder } from '../harness/folder.ts'
import { installPeers } from '../harness/install-peers.ts'
import { printMachine } from '../harness/machine.ts'
import { median } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole } from '../harness/role.ts'
import { ms, printTable, ratio } from '../harness/table.ts'
import type { Opened } from './opened.ts'
import { plotGrowth } from './plot.ts'

/** A process that writes a log or opens it. */
type Side = {
  writes(folder: string, init: { actions: number, bodyBytes: number }): Promise<string>
  opens(folder: string, id: string): Promise<Opened>
}

const { short, rounds, only } = readMode({ rounds: 5 })
const here = new URL('.', import.meta.url)
const bodyBytes = 200
const compared = short ? 300 : 10_000
const sizes = short ? [compared] : [1_000, 3_000, 10_000, 30_000, 100_000]
const others = short ? [] : ['hypercore', 'automerge', 'orbitdb'].filter(name => only === undefined || name === only)

async function inProcess<T> (name: string, work: (side: Awaited<ReturnType<typeof startRole<Side>>>) => Promise<T>): Promise<T> {
  const process = await startRole<Side>(new URL(`${name}-role.ts`, here), ['--expose-gc'])
  try {
    return await work(process)
  } finally {
    await process.end()
  }
}

/** Writes a log and opens it in a new process a round; checks that all is there. */
async function measure (name: string, folder: string, actions: number): Promise<Opened> {
  const id = await inProcess(name, async side => await side.ask('writes', folder, { actions, bodyBytes }))
  const found: Opened[] = []
  for (let round = 0; round < rounds; round++) {
    const opened = await inProcess(name, async side => await side.ask('opens', folder, id))
    const wanted = name === 'parley' ? actions - 2 : actions
    if (opened.count !== wanted) throw new RangeError(`${name} has ${opened.count} of ${wanted}`)
    found.push(opened)
  }
  const result = { count: actions, wallMs: median(found.map(({ wallMs }) => wallMs)), memoryBytes: median(found.map(({ memoryBytes }) => memoryBytes)) }
  console.log(`${name}, ${actions} actions: ${ms(result.wallMs)}, ${mebibytes(result.memoryBytes)}`)
  return result
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

printMachine()
await withFolder(async folder => {
  if (others.length > 0) await installPeers(here)
  const growth: Opened[] = []
  for (const actions of sizes) growth.push(await measure('parley', join(folder, `parley-${actions}`), actions))
  const ours = growth.find(({ count }) => count === compared)
  if (ours === undefined) throw new RangeError('nothing was measured')
  const theirs = new Map<string, Opened>()
  for (const name of others) theirs.set(name, await measure(name, join(folder, name), compared))
  printTable([`opening ${compared} actions in a new process`, 'time', 'memory', 'parley is faster', 'parley is smaller'], [
    ['parley', `${ms(ours.wallMs)} (goal 50 ms)`, mebibytes(ours.memoryBytes), '', ''],
    ...[...theirs].map(([name, { wallMs, memoryBytes }]) => [name, ms(wallMs), mebibytes(memoryBytes), ratio(wallMs / ours.wallMs, name === 'orbitdb' ? 10 : undefined), ratio(memoryBytes / ours.memoryBytes)])
  ])
  if (short) return
  const [first] = growth
  printTable(['parley, growth', 'time', 'an action', 'memory', 'of linear'], growth.map(({ count, wallMs, memoryBytes }) => [
    String(count), ms(wallMs), `${(wallMs / count * 1000).toFixed(1)} µs`, mebibytes(memoryBytes), ratio(wallMs / count / ((first?.wallMs ?? 1) / (first?.count ?? 1)))
  ]))
  await writeFile(new URL('growth.svg', here), plotGrowth('Opening a conversation in a new process', [{ name: 'parley', colour: '#0a5', points: growth.map(({ count, wallMs }) => ({ actions: count, wallMs })) }]))
})
printMachine()
