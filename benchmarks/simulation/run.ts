import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { printMachine } from '../harness/machine.ts'
import { startRole } from '../harness/role.ts'
import { printTable } from '../harness/table.ts'
import { openProgress } from './progress.ts'
import type { role as seedsRole } from './seeds-role.ts'

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, from: { type: 'string' }, seeds: { type: 'string' }, workers: { type: 'string' }, folder: { type: 'string' } } })
const from = Number(values.from ?? 1)
const seeds = Number(values.seeds ?? (values.short ? 60 : 100_000))
const workers = Number(values.workers ?? availableParallelism())
const folder = values.folder ?? join(tmpdir(), `parley-simulation-${process.pid}`)
const batchSeeds = values.short ? 10 : 50
const tellEveryMs = 10_000

printMachine()
console.log(`progress and failures: ${folder}`)
const { progress, add } = openProgress(folder, { from, seeds })
const done = new Set(progress.done)
const todo = Array.from({ length: Math.ceil(seeds / batchSeeds) }, (_none, number) => from + number * batchSeeds).filter(first => !done.has(first)).values()
let toldMs = performance.now()
let lastMs = toldMs

async function work (): Promise<void> {
  const role = await startRole<typeof seedsRole>(new URL('seeds-role.ts', import.meta.url))
  for (const first of todo) {
    const batch = await role.ask('runs', first, Math.min(batchSeeds, from + seeds - first))
    const nowMs = performance.now()
    add(first, batch, nowMs - lastMs)
    lastMs = nowMs
    for (const { seed, what } of batch.failures) console.log(`✗ seed ${seed}: ${what}`)
    if (nowMs - toldMs > tellEveryMs) {
      toldMs = nowMs
      console.log(`${ran()} of ${seeds} seeds, ${rate()} a second, ${progress.failures.length} broken`)
    }
  }
  await role.end()
}

const ran = (): number => progress.done.reduce((sum, first) => sum + Math.min(batchSeeds, from + seeds - first), 0)
const rate = (): string => (ran() / progress.tookMs * 1000).toFixed(1)

await Promise.all(Array.from({ length: workers }, work))
printTable(['what happened', 'times'], Object.entries(progress.counts).sort(([a], [b]) => a.localeCompare(b)).map(([what, times]) => [what, String(times)]))
printTable([`${ran()} seeds on ${workers} cores`, ''], [
  ['seeds a second', rate()],
  ['steps, and actions in the logs at the end, a seed', `${(progress.steps / ran()).toFixed(1)}, ${(progress.actions / ran()).toFixed(1)}`],
  ['broken', String(progress.failures.length)]
])
if (progress.failures.length > 0) throw new RangeError(`broken seeds: ${progress.failures.map(({ seed }) => seed).join(', ')}`)
process.exit(0)
