import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { measureFlush } from '../harness/flush.ts'
import { withFolder } from '../harness/folder.ts'
import { printMachine } from '../harness/machine.ts'
import { median, quantile } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole, type Started } from '../harness/role.ts'
import { ms, printTable } from '../harness/table.ts'
import type { PeerTarget } from '@parley/network'
import type { role as keeperRole } from './keeper-role.ts'
import type { role as speakerRole } from './speaker-role.ts'

type Keeper = Started<typeof keeperRole>
type Speakers = Started<typeof speakerRole>

const { short, rounds } = readMode({ rounds: 3 })
const BITRATE = 32_000
const captures = short ? 20 : 1_000
const devices = short ? 4 : 50
const seconds = short ? 2 : 20
const here = new URL('.', import.meta.url)

/** Measures, with nothing else going on, when the beginning of a message is acknowledged. */
async function first (speakers: Speakers, target: PeerTarget): Promise<void> {
  const took = []
  for (let index = 0; index < (short ? 2 : 12); index++) {
    const one = await speakers.ask('records', target, { seconds: short ? 0.4 : 1, bitrate: BITRATE })
    if (!one.stored) throw new RangeError('a message was not stored')
    // The first is compiled while it is spoken.
    if (index > 0) took.push(one)
  }
  printTable(['first spoken frame', 'median', 'worst'], [
    ['until its segment is acknowledged, durable', ms(median(took.map(one => one.firstAcknowledgedMs))), ms(Math.max(...took.map(one => one.firstAcknowledgedMs)))],
    ['of this after the segment’s 200 ms were spoken', ms(median(took.map(one => one.afterSegmentMs))), ms(Math.max(...took.map(one => one.afterSegmentMs)))]
  ])
}

async function begin (keeper: Keeper, folder: string): Promise<PeerTarget> {
  return await keeper.ask('begins', folder, Math.ceil(captures / devices) + 4)
}

/** Has everybody speak at once; returns processor seconds of the keeper for each second of speech. */
async function crowd (keeper: Keeper, speakers: Speakers): Promise<{ coreShare: number, segmentCpuMs: number, delaysMs: number[], active: number, rssBytes: number, lateMs: number, acknowledged: Map<string, number> }> {
  const before = await keeper.ask('usage')
  const speaking = speakers.ask('speaks')
  // Beginnings and ends are left out: the share is of what goes on.
  await pause(short ? 500 : 2_500)
  const from = await keeper.ask('usage')
  await pause(short ? 1_000 : (seconds - 4) * 1_000)
  const to = await keeper.ask('usage')
  const { delaysMs, lateMs } = await speaking
  const all = await speakers.ask('finishes')
  const segmentCpuMs = ((await keeper.ask('usage')).cpuMs - before.cpuMs) / captures / (seconds + 1)
  return { coreShare: (to.cpuMs - from.cpuMs) / (to.atMs - from.atMs), segmentCpuMs, delaysMs, active: to.active, rssBytes: to.rssBytes, lateMs, acknowledged: new Map(all.map(({ name, segments }) => [name, segments])) }
}

/** Looks, after the keeper was killed, for what it had acknowledged. */
async function check (folder: string, acknowledged: Map<string, number>): Promise<void> {
  const reader = await startRole<typeof keeperRole>(new URL('keeper-role.ts', here))
  const kept = new Map((await reader.ask('counts', folder)).map(one => [one.name, one]))
  for (const [name, segments] of acknowledged) {
    const found = kept.get(name)
    if (segments !== seconds + 1) throw new RangeError(`${segments} of ${seconds + 1} segments of a message were acknowledged`)
    if (found?.segments !== segments || found.state !== 'complete') throw new RangeError(`of ${segments} acknowledged segments ${found?.segments ?? 0} are there (${found?.state})`)
  }
  await reader.end()
}

printMachine()
await withFolder(async folder => {
  const rows: string[][] = []
  const shares: number[] = []
  for (let round = 0; round < rounds; round++) {
    const into = join(folder, `keeper-${round}`)
    const keeper = await startRole<typeof keeperRole>(new URL('keeper-role.ts', here))
    const speakers = await startRole<typeof speakerRole>(new URL('speaker-role.ts', here))
    const target = await begin(keeper, into)
    await speakers.ask('begins', devices)
    if (round === 0) await first(speakers, target)
    await speakers.ask('prepares', captures, { seconds, bitrate: BITRATE })
    await speakers.ask('opens', target)
    await speakers.ask('forgets')
    const { coreShare, segmentCpuMs, delaysMs, active, rssBytes, lateMs, acknowledged } = await crowd(keeper, speakers)
    if (active !== captures) throw new RangeError(`${active} messages were being spoken instead of ${captures}`)
    // Not asked to stop: what it acknowledged has to be there all the same.
    await keeper.kill()
    await speakers.end()
    await check(into, acknowledged)
    shares.push(coreShare)
    rows.push([`round ${round + 1}`, String(captures), coreShare.toFixed(2), String(Math.round(captures / coreShare)), ms(segmentCpuMs), ms(median(delaysMs)), ms(quantile(delaysMs, 0.99)), ms(lateMs), `${Math.round(rssBytes / 2 ** 20)} MB`])
  }
  printTable([`${seconds} s of ${BITRATE / 1000} kbit/s, ${devices} devices`, 'captures', 'core', 'captures a core (goal 1000)', 'processor a segment', 'acknowledged', '99 %', 'speakers late by', 'memory'], rows)
  console.log(`\nmedian: ${median(shares).toFixed(2)} processor seconds a second for ${captures} captures, ${Math.round(captures / median(shares))} a core; flushing a small write to this disk takes ${ms(await measureFlush(folder))}`)
})
printMachine()
