import { join } from 'node:path'
import { withFolder } from '../harness/folder.ts'
import { installPeers } from '../harness/install-peers.ts'
import { printMachine } from '../harness/machine.ts'
import { median } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole } from '../harness/role.ts'
import { ms, perSecond, printTable, ratio } from '../harness/table.ts'
import type { role as hypercoreRole } from './hypercore-role.ts'
import type { role as orbitRole } from './orbitdb-role.ts'
import type { role as parleyRole } from './parley-role.ts'

interface Turn { wallMs: number, cpuMs: number }

const { short, rounds } = readMode({ rounds: 5 })
const count = short ? 200 : 2_000
const bodyBytes = 200
const here = new URL('.', import.meta.url)

function expect (what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new RangeError(`${what}: ${found} instead of ${wanted}`)
}

printMachine()
await withFolder(async folder => {
  if (!short) await installPeers(here)
  const turns: Record<'parley' | 'durable' | 'hypercore' | 'orbitdb', Turn[]> = { parley: [], durable: [], hypercore: [], orbitdb: [] }
  const told = (name: keyof typeof turns, turn: Turn): void => {
    turns[name].push(turn)
    console.log(`${name.padEnd(8)} ${perSecond(count / turn.wallMs * 1000)}, processor ${ms(turn.cpuMs)}`)
  }
  const parley = await startRole<typeof parleyRole>(new URL('parley-role.ts', here))
  const hypercore = short ? undefined : await startRole<typeof hypercoreRole>(new URL('hypercore-role.ts', here))
  const orbitdb = short ? undefined : await startRole<typeof orbitRole>(new URL('orbitdb-role.ts', here))
  await parley.ask('begins', join(folder, 'parley'))
  await hypercore?.ask('begins', join(folder, 'hypercore'))
  await orbitdb?.ask('begins', join(folder, 'orbitdb'))
  // What is compiled first is measured by nobody.
  const warm = short ? 20 : 300
  await parley.ask('appends', warm, { bodyBytes, durable: false })
  await hypercore?.ask('appends', warm, { bodyBytes })
  await orbitdb?.ask('appends', warm, { bodyBytes })
  for (let round = 0; round < rounds; round++) {
    told('parley', await parley.ask('appends', count, { bodyBytes, durable: false }))
    told('durable', await parley.ask('appends', count, { bodyBytes, durable: true }))
    if (hypercore !== undefined) told('hypercore', await hypercore.ask('appends', count, { bodyBytes }))
    if (orbitdb !== undefined) told('orbitdb', await orbitdb.ask('appends', count, { bodyBytes }))
  }
  expect('messages of parley', await parley.ask('counts', join(folder, 'parley')), warm + 2 * rounds * count)
  if (hypercore !== undefined) expect('blocks of hypercore', await hypercore.ask('counts'), warm + rounds * count)
  if (orbitdb !== undefined) expect('entries of OrbitDB', await orbitdb.ask('counts'), warm + rounds * count)
  const rate = (name: keyof typeof turns): number => count / median(turns[name].map(({ wallMs }) => wallMs)) * 1000
  const row = (name: keyof typeof turns, title: string, compared: string): string[] => [title, perSecond(rate(name)), ms(median(turns[name].map(({ cpuMs }) => cpuMs)) / count), compared]
  const against = (name: 'hypercore' | 'orbitdb', goal?: number): string => ratio(rate('parley') / rate(name), goal)
  printTable([`append, awaited, ${count} a round`, 'rate', 'processor each', 'parley is faster'], [
    row('parley', 'parley', ''),
    row('durable', 'parley, each flushed to the disk', ''),
    ...short ? [] : [
      row('hypercore', 'hypercore, not flushed', against('hypercore', 1)),
      row('orbitdb', 'orbitdb, level stores', against('orbitdb', 16))
    ]
  ])
  await Promise.all([parley.end(), hypercore?.end(), orbitdb?.end()])
})
printMachine()
