import { printMachine } from '../harness/machine.ts'
import { median, quantile } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole } from '../harness/role.ts'
import { ms, printTable } from '../harness/table.ts'
import type { role as gossipRole } from './gossip-role.ts'
import type { role as parleyRole } from './parley-role.ts'

interface Side { name: string, took: number[], cpuMs: number, turn(count: number): Promise<number[]>, allCpuMs(): Promise<number>, end(): Promise<void> }

const { short, rounds } = readMode({ rounds: 5 })
const count = short ? 20 : 200
/** Bytes of a published message: no more than an offer has. */
const messageBytes = 500
const pauseMs = 5
const here = new URL('.', import.meta.url)

async function parley (): Promise<Side> {
  const file = new URL('parley-role.ts', here)
  const [caller, callee] = await Promise.all([startRole<typeof parleyRole>(file), startRole<typeof parleyRole>(file)])
  await caller.ask('begins', 0, await callee.ask('begins', 1, []))
  await caller.ask('warms')
  let called = 0
  return {
    name: 'parley, offer to acknowledgement',
    took: [],
    cpuMs: 0,
    async turn (calls) {
      called += calls
      const { acknowledgedMs, ringingMs } = await caller.ask('calls', calls, pauseMs)
      ringing.push(...ringingMs)
      return acknowledgedMs
    },
    allCpuMs: async () => await caller.cpuMs() + await callee.cpuMs(),
    async end () {
      const { rang, refused } = await callee.ask('rang')
      if (rang !== called || Object.keys(refused).length > 0) throw new RangeError(`${rang} calls rang instead of ${called}; refused: ${JSON.stringify(refused)}`)
      for (const each of [caller, callee]) {
        await each.ask('stops')
        await each.end()
      }
    }
  }
}

async function gossip (): Promise<Side> {
  const file = new URL('gossip-role.ts', here)
  const [asker, answerer] = await Promise.all([startRole<typeof gossipRole>(file), startRole<typeof gossipRole>(file)])
  await asker.ask('begins', await answerer.ask('answers'))
  return {
    name: 'gossipsub StrictSign, publish to answer',
    took: [],
    cpuMs: 0,
    turn: async messages => await asker.ask('asks', messages, messageBytes, pauseMs),
    allCpuMs: async () => await asker.cpuMs() + await answerer.cpuMs(),
    end: async () => { await Promise.all([asker.end(), answerer.end()]) }
  }
}

const ringing: number[] = []
printMachine()
const sides = [await parley(), ...short ? [] : [await gossip()]]
// What is compiled first is measured by nobody.
for (const { turn } of sides) await turn(short ? 5 : 200)
ringing.length = 0
for (let round = 0; round < rounds; round++) {
  for (const side of sides) {
    const before = await side.allCpuMs()
    const took = await side.turn(count)
    side.took.push(...took)
    side.cpuMs += await side.allCpuMs() - before
    console.log(`round ${round + 1}: ${side.name} ${ms(median(took))}`)
  }
}
const [ours, theirs] = sides
printTable([`${rounds} x ${count}, one at a time`, 'median', '95 %', 'processor of both, each', 'of gossipsub'], sides.map(side => [
  side.name, ms(median(side.took)), ms(quantile(side.took, 0.95)), ms(side.cpuMs / rounds / count),
  side === ours && theirs !== undefined ? `${(median(side.took) / median(theirs.took)).toFixed(2)} (goal 0.5)` : ''
]))
console.log(`\nuntil the callee’s own word, that it rings: ${ms(median(ringing))}; the processor time of a call holds six signed signals, its end included`)
for (const { end } of sides) await end()
printMachine()
