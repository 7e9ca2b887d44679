import { expect } from 'chai'
import { join } from 'node:path'
import { decodeOpus } from '@parley/media'
import { type CallRecord, type CallResult, type Parley } from 'parley'
import { recordsOf, waitForEnds } from './harness/call-records.ts'
import { befriend, localDevice, speech, type LocalDevice, type Speech } from './harness/in-process.ts'
import { killAll, startParley, type ParleyProcess } from './harness/parley-process.ts'
import { scenarioFolder } from './harness/people.ts'
import { seeded, type Seeded } from './harness/seeded.ts'

/** Kills in all; two lanes of a proxy each run side by side. */
const KILLS = 50
const LANES = 2
const GRACE_S = 1

/** What a caller knows of a call when the proxy was killed and came back. */
interface Spoken { call: string, message: string, acknowledged: number, result: CallResult | undefined, speech: Speech }

describe('a proxy that is killed while people speak to it', function () {
  this.timeout(600_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>

  before(async () => { folder = await scenarioFolder() })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  it(`has every acknowledged segment and one end for every call, after ${KILLS} kills`, async () => {
    const random = seeded('kill -9 of the proxy')
    // Encoded once: what differs between the rounds is when the kill comes.
    const speeches = { paced: await speech(2400, 31), hurried: await speech(20_000, 32) }
    const lanes = await Promise.all(Array.from({ length: LANES }, async (_none, lane) => await runLane(join(folder.path, `lane-${lane}`), folder.path, random, speeches)))
    const spoken = lanes.flatMap(lane => lane.spoken)
    const records = lanes.flatMap(lane => lane.records)
    for (const { call } of spoken) {
      const record = records.find(known => known.call === call)
      if (record === undefined) continue
      const ends = record.events.filter(({ event }) => event !== 'offered' && event !== 'capturing')
      expect(ends.map(({ event }) => event), `the ends of call ${call}`).to.have.length(1)
      expect(record.events.at(-1), 'the end is the last event').to.equal(ends[0])
    }
    const resumed = spoken.filter(({ result }) => result?.status === 'stored' && result.acknowledged === result.segments).length
    console.log(`      ${spoken.length} calls over ${KILLS} kills: ${resumed} went on to their end, ${spoken.reduce((sum, { acknowledged }) => sum + acknowledged, 0)} segments acknowledged, all there`)
    expect(resumed, 'some calls went on over a kill').to.be.above(5)
    expect(spoken.length - resumed, 'some calls were cut off').to.be.above(5)
  })
})

async function runLane (proxyFolder: string, parent: string, random: Seeded, speeches: { paced: Speech, hurried: Speech }): Promise<{ spoken: Spoken[], records: CallRecord[] }> {
  const start = (): ParleyProcess => startParley(['proxy', 'start', '--unclaimed', '--host', '127.0.0.1', '--grace', String(GRACE_S), '--data', proxyFolder])
  let proxy = start()
  const bob = await localDevice('bob', { parent })
  const ready = await proxy.event(event => event['claimUrl'] !== undefined)
  await bob.parley.addProxy(String(ready['claimUrl']))
  const { contactUrl } = await proxy.event(event => event['contactUrl'] !== undefined)
  const spoken: Spoken[] = []
  const caller = await localDevice('alice', { parent })
  await caller.parley.addContact(String(contactUrl), { name: 'Bob' })
  await befriend(bob.parley, caller.parley)
  for (let kill = 0; kill < KILLS / LANES; kill++) {
    const comesBack = random.chance(0.6)
    const chosen = random.chance(0.5) ? speeches.paced : speeches.hurried
    const call = await caller.parley.call('Bob', chosen === speeches.paced ? chosen.spoken() : chosen.atOnce(), { listenFirstMs: 0 })
    let acknowledged = 0
    const wanted = Math.floor(random.between(0, chosen === speeches.paced ? 3 : 18))
    const reached = new Promise<void>(resolve => {
      if (wanted === 0) resolve()
      call.on('acknowledged', ({ index }) => {
        acknowledged = Math.max(acknowledged, index + 1)
        if (index + 1 >= wanted) resolve()
      })
    })
    await Promise.race([reached, call.ended])
    await new Promise(resolve => { setTimeout(resolve, random.between(0, chosen === speeches.paced ? 300 : 15)) })
    await proxy.kill()
    const atKill = acknowledged
    if (!comesBack) await caller.stop()
    const result = comesBack ? undefined : await call.ended
    proxy = start()
    await proxy.event('ready')
    spoken.push({ call: call.call, message: call.message, acknowledged: atKill, result: result ?? await call.ended, speech: chosen })
    if (!comesBack) await caller.reopen()
  }
  // Whoever did not come back in time is cut off by now or within the grace period: the record says so.
  await waitForEnds(proxy)
  await expectHeard(bob, spoken)
  await Promise.all([bob.stop(), caller.stop()])
  expect(await proxy.stop()).to.equal(0)
  return { spoken, records: await recordsOf(join(proxyFolder, 'proxy', 'store'), '/proxy/calls/') }
}

/** What Bob hears of each call is the beginning of what was said, at least as far as it was acknowledged. */
async function expectHeard (bob: LocalDevice, spoken: Spoken[]): Promise<void> {
  await bob.parley.sync()
  const entries = await bob.parley.inbox()
  for (const { message, acknowledged, speech: said, call } of spoken) {
    const entry = entries.find(known => known.message === message)
    if (acknowledged === 0 && entry === undefined) continue
    if (entry === undefined) return expect.fail(`call ${call} was acknowledged and is not in the inbox`)
    const { packets, segments } = await heardOf(bob.parley, entry.n)
    expect(segments, `segments of call ${call}`).to.be.at.least(acknowledged)
    packets.forEach((packet, index) => { expect(Buffer.compare(packet, said.packets[index]?.data ?? new Uint8Array(0)), `packet ${index} of call ${call}`).to.equal(0) })
    let samples = 0
    for await (const pcm of decodeOpus((async function * () { for (const data of packets) yield { data, samples: 960 } })())) samples += pcm.length
    expect(samples, `call ${call} plays`).to.be.at.least(packets.length * 960 - 312)
  }
}

async function heardOf (parley: Parley, n: number): Promise<{ packets: Uint8Array[], segments: number }> {
  const packets: Uint8Array[] = []
  let segments = 0
  try {
    for await (const piece of parley.listen(n)) {
      // What only the caller's journal has is told as a hole; it was not acknowledged.
      if (piece.packets.some(({ data }) => data.length === 0)) break
      segments++
      packets.push(...piece.packets.map(({ data }) => data))
    }
  } catch (error) {
    if ((error as Error).name !== 'VoiceUnavailableError') throw error
  }
  return { packets, segments }
}
