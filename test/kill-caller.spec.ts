import { expect } from 'chai'
import { join } from 'node:path'
import { type CallRecord, type Parley } from 'parley'
import { killSpeakers, startDoomedSpeaker, type DoomedSpeaker } from './harness/doomed-speaker.ts'
import { recordsOf, waitForEnds } from './harness/call-records.ts'
import { befriend, localDevice, speech, type LocalDevice, type Speech } from './harness/in-process.ts'
import { writePackets } from './harness/packet-file.ts'
import { killAll, startParley } from './harness/parley-process.ts'
import { scenarioFolder } from './harness/people.ts'
import { seeded, type Seeded } from './harness/seeded.ts'

/** Kills in all; two callers side by side. */
const KILLS = 50
const LANES = 2
const GRACE_S = 1

/** What a caller had told before it was killed. */
interface Spoken { call: string | undefined, message: string | undefined, acknowledged: number, speech: Speech }
interface Speeches { paced: Speech, hurried: Speech, paths: { paced: string, hurried: string } }
/** A lane's caller as it is once it has come back for good. */
interface Lane { spoken: Spoken[], records: CallRecord[], states: Map<string, string> }

describe('a caller that is killed while they speak', function () {
  this.timeout(300_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>

  before(async () => { folder = await scenarioFolder() })

  after(async () => {
    await Promise.all([killAll(), killSpeakers()])
    await folder.remove()
  })

  it(`has said whatever was acknowledged, and has one end for every call, after ${KILLS} kills`, async () => {
    const random = seeded('kill -9 of the caller')
    const speeches = await prepareSpeeches(folder.path)
    const proxy = startParley(['proxy', 'start', '--unclaimed', '--host', '127.0.0.1', '--grace', String(GRACE_S), '--data', join(folder.path, 'proxy')])
    const bob = await localDevice('bob', { parent: folder.path })
    const ready = await proxy.event(event => event['claimUrl'] !== undefined)
    await bob.parley.addProxy(String(ready['claimUrl']))
    const { contactUrl } = await proxy.event(event => event['contactUrl'] !== undefined)

    const lanes = await Promise.all(Array.from({ length: LANES }, async (_none, lane) => await runLane(`caller-${lane}`, { parent: folder.path, bob, contactUrl: String(contactUrl), random, speeches })))
    await waitForEnds(proxy)
    const heard = await heardByBob(bob)
    for (const { spoken, records, states } of lanes) {
      expectOneEndEach(records, spoken)
      expectNothingLeftOpen(states, heard)
      for (const said of spoken) expectPrefix(said, heard)
    }
    await bob.stop()
    expect(await proxy.stop()).to.equal(0)

    const spoken = lanes.flatMap(lane => lane.spoken)
    const acknowledged = spoken.filter(said => said.acknowledged > 0)
    console.log(`      ${KILLS} kills: ${spoken.filter(({ call }) => call === undefined).length} before the call was told, ${acknowledged.length} with ${acknowledged.reduce((sum, said) => sum + said.acknowledged, 0)} acknowledged segments, all heard`)
    expect(acknowledged.length, 'kills after something was acknowledged').to.be.above(10)
  })
})

async function prepareSpeeches (folder: string): Promise<Speeches> {
  const paths = { paced: join(folder, 'paced.json'), hurried: join(folder, 'hurried.json') }
  const [paced, hurried] = [await speech(2400, 41), await speech(20_000, 42)]
  await writePackets(paths.paced, paced.packets)
  await writePackets(paths.hurried, hurried.packets)
  return { paced, hurried, paths }
}

async function runLane (name: string, { parent, bob, contactUrl, random, speeches }: { parent: string, bob: LocalDevice, contactUrl: string, random: Seeded, speeches: Speeches }): Promise<Lane> {
  const caller = await localDevice(name, { parent })
  await caller.parley.addContact(contactUrl, { name: 'Bob' })
  await befriend(bob.parley, caller.parley)
  await caller.stop()
  const spoken: Spoken[] = []
  let next = startDoomedSpeaker(caller.folder)
  for (let kill = 0; kill < KILLS / LANES; kill++) {
    const speaker = next
    await speaker.warm
    // The one after it loads meanwhile.
    next = startDoomedSpeaker(caller.folder)
    const isPaced = random.chance(0.4)
    speaker.speak({ packets: speeches.paths[isPaced ? 'paced' : 'hurried'], to: 'Bob', isPaced, syncsFirst: random.chance(0.3) })
    await momentOfKill(speaker, isPaced, random)
    await speaker.kill()
    const { error, call, message, acknowledged } = speaker.told
    expect(error, `kill ${kill} of ${name}: the folder opens and the caller speaks`).to.equal(undefined)
    spoken.push({ call, message, acknowledged, speech: speeches[isPaced ? 'paced' : 'hurried'] })
  }
  await next.kill()
  return { spoken, ...await comeBack(caller) }
}

/** Waits until the caller is to be killed: while it opens its folder or calls, or when some of it was acknowledged. */
async function momentOfKill ({ until, told }: DoomedSpeaker, isPaced: boolean, random: Seeded): Promise<void> {
  const early = random.chance(0.4)
  const wanted = Math.floor(random.between(1, isPaced ? 3 : 18))
  const restMs = random.between(0, early ? 120 : isPaced ? 300 : 20)
  // Half of the early ones come while the folder is being opened and what the last kill left is being closed.
  const fits = early && random.chance(0.5) ? () => true : early ? () => told.opened : () => told.acknowledged >= wanted || told.ended
  await until(fits)
  await new Promise(resolve => { setTimeout(resolve, restMs) })
}

/** Opens the folder for the last time and brings what is left. */
async function comeBack (caller: LocalDevice): Promise<Pick<Lane, 'records' | 'states'>> {
  await caller.reopen()
  const { unreachable } = await caller.parley.sync()
  // What the proxy has closed by then is told as such; everything else was brought.
  for (const { reason } of unreachable) expect(reason).to.match(/closed|ended|cut off/i)
  const states = await ownMessages(caller.parley)
  await caller.stop()
  return { records: await recordsOf(join(caller.folder, 'store'), '/parley/calls/'), states }
}

async function ownMessages (parley: Parley): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  for await (const id of parley.conversations.ids()) {
    for (const { id: message, author, state } of (await (await parley.conversations.open(id)).state()).messages) if (author === parley.person) states.set(message, state)
  }
  return states
}

interface Heard { state: string, segments: number, packets: Uint8Array[] }

/** Everything that Bob can play, by message. */
async function heardByBob (bob: LocalDevice): Promise<Map<string, Heard>> {
  await bob.parley.sync()
  const heard = new Map<string, Heard>()
  for (const { n, message, state } of await bob.parley.inbox()) {
    const entry: Heard = { state, segments: 0, packets: [] }
    heard.set(message, entry)
    try {
      for await (const { packets } of bob.parley.listen(n)) {
        // What only the caller's journal has is told as a hole; it was not acknowledged.
        if (packets.some(({ data }) => data.length === 0)) break
        entry.segments++
        entry.packets.push(...packets.map(({ data }) => data))
      }
    } catch (error) {
      if ((error as Error).name !== 'VoiceUnavailableError') throw error
    }
  }
  return heard
}

function expectOneEndEach (records: CallRecord[], spoken: Spoken[]): void {
  for (const { call, events } of records) {
    const ends = events.filter(({ event }) => event !== 'offered' && event !== 'capturing')
    expect(ends, `the ends of call ${call}`).to.have.length(1)
    expect(events.at(-1), 'the end is the last event').to.equal(ends[0])
  }
  for (const { call } of spoken) if (call !== undefined) expect(records.map(record => record.call), 'calls in the journal').to.include(call)
}

/** Once the caller was back, none of their messages goes on for ever: neither for them nor for Bob. */
function expectNothingLeftOpen (states: Map<string, string>, heard: Map<string, Heard>): void {
  for (const [message, state] of states) {
    expect(state, `message ${message} at the caller`).to.be.oneOf(['complete', 'cut-off'])
    if (heard.has(message)) expect(heard.get(message)?.state, `message ${message} at Bob`).to.equal(state)
  }
}

/** What Bob hears is the beginning of what was said, at least as far as it was acknowledged. */
function expectPrefix ({ call, message, acknowledged, speech: said }: Spoken, heard: Map<string, Heard>): void {
  const entry = message === undefined ? undefined : heard.get(message)
  if (acknowledged === 0 && entry === undefined) return
  if (entry === undefined) return expect.fail(`call ${call} was acknowledged and is not in the inbox`)
  expect(entry.segments, `segments of call ${call}`).to.be.at.least(acknowledged)
  entry.packets.forEach((packet, index) => { expect(Buffer.compare(packet, said.packets[index]?.data ?? new Uint8Array(0)), `packet ${index} of call ${call}`).to.equal(0) })
}
