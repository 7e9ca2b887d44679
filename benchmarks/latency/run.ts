import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { measureFlush } from '../harness/flush.ts'
import { withFolder } from '../harness/folder.ts'
import { installPeers } from '../harness/install-peers.ts'
import { printMachine } from '../harness/machine.ts'
import { median, quantile } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole, type Started } from '../harness/role.ts'
import { ms, printTable } from '../harness/table.ts'
import type { Append } from './append.ts'
import type { role as hypercoreRole } from './hypercore-role.ts'
import type { role as parleyRole } from './parley-role.ts'

/** What both sides can do alike. */
type Speaker = { appends(count: number, init: { bodyBytes: number, pauseMs: number }): Promise<Append[]> }
type Hearer = { sees(names: string[]): Array<number | undefined> }
interface Side { name: string, speaker: Started<Speaker>, hearer: Started<Hearer>, peerMs: number[], homeMs: number[], cpuMs: number }

const { short, rounds } = readMode({ rounds: 5 })
const appends = short ? 30 : 300
const init = { bodyBytes: 200, pauseMs: 10 }
const here = new URL('.', import.meta.url)
const PATIENCE_MS = 10_000

async function parley (folder: string): Promise<Side> {
  const file = new URL('parley-role.ts', here)
  const [speaker, hearer] = await Promise.all([startRole<typeof parleyRole>(file), startRole<typeof parleyRole>(file)])
  await Promise.all([speaker.ask('begins', join(folder, 'alice'), 0), hearer.ask('begins', join(folder, 'bob'), 1)])
  const { id, target } = await speaker.ask('creates')
  await hearer.ask('follows', id, target)
  return { name: 'parley', speaker: speaker as unknown as Started<Speaker>, hearer: hearer as unknown as Started<Hearer>, peerMs: [], homeMs: [], cpuMs: 0 }
}

async function hypercore (folder: string): Promise<Side> {
  const file = new URL('hypercore-role.ts', here)
  const [speaker, hearer] = await Promise.all([startRole<typeof hypercoreRole>(file), startRole<typeof hypercoreRole>(file)])
  const { key, port } = await speaker.ask('creates', join(folder, 'alice'))
  await hearer.ask('follows', join(folder, 'bob'), key, port)
  return { name: 'hypercore', speaker: speaker as unknown as Started<Speaker>, hearer: hearer as unknown as Started<Hearer>, peerMs: [], homeMs: [], cpuMs: 0 }
}

/** Lets one side append and adds up how long each append took to be at home and at the peer. */
async function turn (side: Side, count: number): Promise<void> {
  const cpuMs = async (): Promise<number> => await side.speaker.cpuMs() + await side.hearer.cpuMs()
  const before = await cpuMs()
  const told = await side.speaker.ask('appends', count, init)
  const seen = await allSeen(side, told.map(({ name }) => name))
  side.cpuMs += await cpuMs() - before
  for (const [index, { askedMs, storedMs }] of told.entries()) {
    side.homeMs.push(storedMs - askedMs)
    side.peerMs.push((seen[index] ?? Number.NaN) - askedMs)
  }
}

async function allSeen ({ name, hearer }: Side, names: string[]): Promise<number[]> {
  for (const deadlineMs = performance.now() + PATIENCE_MS; ; await pause(20)) {
    const seen = (await hearer.ask('sees', names)).filter(time => time !== undefined)
    if (seen.length === names.length) return seen
    if (performance.now() > deadlineMs) throw new RangeError(`${name}: ${names.length - seen.length} of ${names.length} appends did not arrive within ${PATIENCE_MS} ms`)
  }
}

printMachine()
await withFolder(async folder => {
  if (!short) await installPeers(here)
  const sides = [await parley(join(folder, 'parley')), ...short ? [] : [await hypercore(join(folder, 'hypercore'))]]
  for (const side of sides) {
    // What is compiled first is measured by nobody.
    await turn(side, short ? 5 : 200)
    Object.assign(side, { peerMs: [], homeMs: [], cpuMs: 0 })
  }
  const flushMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      const from = side.peerMs.length
      await turn(side, appends)
      console.log(`round ${round + 1}: ${side.name} ${ms(median(side.peerMs.slice(from)))}`)
    }
    flushMs.push(await measureFlush(folder))
  }
  const hypercoreMs = sides[1] === undefined ? undefined : median(sides[1].peerMs)
  printTable([`${rounds} x ${appends} appends, one at a time`, 'at the peer: median', '95 %', 'at home: median', 'processor of both, each', 'of hypercore'], sides.map(({ name, peerMs, homeMs, cpuMs }) => [
    name, ms(median(peerMs)), ms(quantile(peerMs, 0.95)), ms(median(homeMs)), ms(cpuMs / rounds / appends),
    hypercoreMs === undefined || name === 'hypercore' ? '' : `${(median(peerMs) / hypercoreMs).toFixed(2)} (goal 0.6)`
  ]))
  console.log(`\nflushing a small write to this disk: ${ms(median(flushMs))}; neither peer waits for one before it tells`)
  for (const { speaker, hearer } of sides) await Promise.all([speaker.end(), hearer.end()])
})
printMachine()
