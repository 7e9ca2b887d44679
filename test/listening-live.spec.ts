import { expect } from 'chai'
import { join } from 'node:path'
import { createPerson, introduce, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll, startParley } from './harness/parley-process.ts'
import { compareAudio, decodeFile, speechFile } from './harness/speech.ts'

const SPOKEN_MS = 12_000
const MOST_BEHIND_MS = 2000

describe('playing a message while it is still being spoken', function () {
  this.timeout(120_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let alice: TestPerson
  let bob: TestPerson

  before(async () => {
    folder = await scenarioFolder()
    ;[alice, bob] = await Promise.all([createPerson(folder.path, 'Alice'), createPerson(folder.path, 'Bob')])
    await introduce(alice, bob)
  })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  it('is at most two seconds behind the speaker, to the end', async () => {
    const file = join(folder.path, 'long.wav')
    const spoken = await speechFile(file, { durationMs: SPOKEN_MS, seed: 21 })
    const bobNode = startParley(['device', 'start', '--data', bob.device])
    await bobNode.event('ready')
    const call = startParley(['call', 'Bob', '--audio', file, '--data', alice.device])
    const arrived = await bobNode.event(({ event, state }) => event === 'message' && state === 'recording')
    const out = join(folder.path, 'long.ogg')
    const play = startParley(['play', String(arrived['n']), '--out', out, '--data', bob.device])
    const firstHeard = await play.event('segment')
    expect(call.events.some(({ event }) => event === 'ended'), 'Alice still speaks when Bob hears her').to.equal(false)
    expect((await call.event('ended'))['status']).to.equal('stored')
    expect(await play.exit).to.equal(0)

    // A segment is told as recorded when its last packet was spoken, so its own duration dates the beginning.
    const firstSaid = await call.event('recorded')
    const beganMs = firstSaid.seenAtMs - Number(firstSaid['durationMs'])
    const heard = play.events.filter(({ event }) => event === 'segment')
    const caughtUp = heard.filter(({ seenAtMs }) => seenAtMs > firstHeard.seenAtMs + 500)
    expect(caughtUp.length, 'segments heard live').to.be.above(3)
    const behind = caughtUp.map(({ seenAtMs, durationMs }) => Math.round(seenAtMs - beganMs - Number(durationMs)))
    console.log(`      behind the speaker at each segment: ${behind.join(', ')} ms`)
    expect(Math.max(...behind)).to.be.below(MOST_BEHIND_MS)

    const result = compareAudio(await decodeFile(out), spoken)
    expect(result.correlation).to.be.above(0.9)
    expect(Math.abs(result.longerMs)).to.be.below(40)
  })
})
