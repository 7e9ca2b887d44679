import { join } from 'node:path'
import { withFolder } from '../harness/folder.ts'
import { installPeers } from '../harness/install-peers.ts'
import { printMachine } from '../harness/machine.ts'
import { median } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole, type Started } from '../harness/role.ts'
import { ms, perSecond, printTable, ratio } from '../harness/table.ts'
import type { role as automergeRole } from './automerge-role.ts'
import { walkFar, type Far } from './far.ts'
import type { role as hypercoreRole } from './hypercore-role.ts'
import type { role as orbitRole } from './orbitdb-role.ts'
import type { role as parleyRole } from './parley-role.ts'

/** One turn of one side. */
interface Turn { wallMs: number, cpuMs: number }
/** A side that has its log ready and copies it as often as asked. */
interface Side { name: string, copy(folder: string): Promise<Turn>, end(): Promise<void> }

const { short, rounds, only } = readMode({ rounds: 5 })
const init = { authors: 10, actions: short ? 500 : 10_000, bodyBytes: 200 }
const here = new URL('.', import.meta.url)

function expect (what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new RangeError(`${what}: ${String(found)} instead of ${String(wanted)}`)
}

async function parley (folder: string): Promise<{ side: Side, limit: (name: string) => Promise<number>, far: () => Promise<Far> }> {
  const file = new URL('parley-role.ts', here)
  const [writer, replica] = await Promise.all([startRole<typeof parleyRole>(file), startRole<typeof parleyRole>(file)])
  const { id, target, frontier } = await writer.ask('writes', join(folder, 'writer'), init)
  const copy = async (into: string): Promise<Turn> => {
    await replica.ask('begins', into, init)
    const result = await replica.ask('replicates', id, target)
    expect('actions received', result.received >= init.actions, true)
    expect('blocks refused', result.refused, 0)
    expect('frontier', result.frontier, frontier)
    const read = await replica.ask('reads', id)
    expect('messages', read.messages, init.actions - init.authors - 1)
    reads.push(read.wallMs)
    await replica.ask('stops')
    return result
  }
  const end = async (): Promise<void> => {
    await stop(writer)
    await replica.end()
  }
  const far = async (): Promise<Far> => await walkFar({ writer, replica, id, target, init, folder: join(folder, 'far'), walk: !short, blocks: 200 })
  return { side: { name: 'parley', copy, end }, far, limit: async name => await writer.ask('limit', id, join(folder, name)) }
}

async function stop (writer: Started<typeof parleyRole>): Promise<void> {
  await writer.ask('stops')
  await writer.end()
}

async function hypercore (folder: string): Promise<Side> {
  const file = new URL('hypercore-role.ts', here)
  const [writer, replica] = await Promise.all([startRole<typeof hypercoreRole>(file), startRole<typeof hypercoreRole>(file)])
  const { key, port, hash } = await writer.ask('writes', join(folder, 'writer'), init)
  return {
    name: 'hypercore',
    async copy (into) {
      const result = await replica.ask('replicates', into, key, port, init.actions)
      expect('blocks of hypercore', result.received, init.actions)
      expect('tree of hypercore', result.hash, hash)
      return result
    },
    end: async () => { await Promise.all([writer.end(), replica.end()]) }
  }
}

async function automerge (folder: string): Promise<Side> {
  const file = new URL('automerge-role.ts', here)
  const writer = await startRole<typeof automergeRole>(file)
  const { url, port, heads } = await writer.ask('writes', join(folder, 'writer'), init)
  return {
    name: 'automerge',
    async copy (into) {
      const replica = await startRole<typeof automergeRole>(file)
      const result = await replica.ask('replicates', into, port, url)
      expect('messages of automerge', result.received, init.actions)
      expect('heads of automerge', result.heads, heads)
      await replica.end()
      return result
    },
    end: async () => { await writer.end() }
  }
}

async function orbitdb (folder: string): Promise<Side> {
  const file = new URL('orbitdb-role.ts', here)
  const writer = await startRole<typeof orbitRole>(file)
  const { database, addresses, heads } = await writer.ask('writes', join(folder, 'writer'), init)
  return {
    name: 'orbitdb',
    async copy (into) {
      const replica = await startRole<typeof orbitRole>(file)
      await replica.ask('begins', into)
      const result = await replica.ask('replicates', database, addresses, heads)
      expect('entries of OrbitDB', result.received, init.actions)
      await replica.end()
      return result
    },
    end: async () => { await writer.end() }
  }
}

const reads: number[] = []
const goals: Record<string, number> = { orbitdb: 200, hypercore: 4 }
const isLong = (name: string): boolean => name === 'orbitdb' || name === 'automerge'
printMachine()
await withFolder(async folder => {
  const wanted = (name: string): boolean => !short && (only === undefined || only === name)
  if (!short) await installPeers(here)
  const ours = await parley(join(folder, 'parley'))
  const sides: Side[] = [ours.side]
  if (wanted('hypercore')) sides.push(await hypercore(join(folder, 'hypercore')))
  if (wanted('automerge')) sides.push(await automerge(join(folder, 'automerge')))
  if (wanted('orbitdb')) sides.push(await orbitdb(join(folder, 'orbitdb')))
  const turns = new Map<string, Turn[]>(sides.map(({ name }) => [name, []]))
  const limits: number[] = []
  for (let round = 0; round <= rounds; round++) {
    for (const { name, copy } of sides) {
      // These take long, each copy in a process of its own: three are enough.
      if (isLong(name) && (round === 0 || round > 3)) continue
      const turn = await copy(join(folder, name, `replica-${round}`))
      turns.get(name)?.push(turn)
      console.log(`${round === 0 ? 'first copy' : `round ${round}`}: ${name} ${ms(turn.wallMs)}, processor ${ms(turn.cpuMs)}`)
    }
    limits.push(await ours.limit(`limit-${round}`))
  }
  // The first copy of a process is of code that was never run before.
  const warm = (name: string): Turn[] => isLong(name) ? turns.get(name) ?? [] : (turns.get(name) ?? []).slice(1)
  const wall = (name: string): number => median(warm(name).map(turn => turn.wallMs))
  const limit = median(limits.slice(1))
  printTable([`${init.actions} actions`, 'first copy', 'copies after it', 'rate', 'processor', 'parley is faster'], [
    ...sides.map(({ name }) => [
      name, isLong(name) ? '' : ms(turns.get(name)?.[0]?.wallMs ?? 0), ms(wall(name)), perSecond(init.actions / wall(name) * 1000), ms(median(warm(name).map(turn => turn.cpuMs))),
      name === 'parley' ? '' : ratio(wall(name) / wall('parley'), goals[name])
    ]),
    ['limit: hash all, a signature an author, one batch', '', ms(limit), perSecond(init.actions / limit * 1000), '', ratio(limit / wall('parley'))]
  ])
  console.log(`\nreading the copy afterwards (keys, decryption, state): ${ms(median(reads))}`)
  const { roundTripMs, parleyMs, walkMs, walked } = await ours.far()
  printTable([`${init.actions} actions at ${roundTripMs} ms round trip`, 'time', 'parley is faster'], [
    ['parley', ms(parleyMs), ''],
    ...walkMs === undefined ? [] : [[`bitswap, walking the same log (${walked} blocks, times ${Math.round(init.actions / walked)})`, ms(walkMs), ratio(walkMs / parleyMs, 300)]]
  ])
  for (const { end } of sides) await end()
})
printMachine()
