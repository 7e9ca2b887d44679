import { expect } from 'chai'
import { join } from 'node:path'
import { createPerson, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll, parley, startParley } from './harness/parley-process.ts'
import { compareAudio, decodeFile, pcm16, speechFile } from './harness/speech.ts'

describe('a second caller while the proxy keeps what the first one says', function () {
  this.timeout(120_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let bob: TestPerson

  before(async () => {
    folder = await scenarioFolder()
    bob = await createPerson(folder.path, 'Bob')
  })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  it('is kept as well, each in a conversation of their own', async () => {
    const callers = []
    // One after the other: Bob's folder has one owner at a time.
    for (const [index, name] of ['Alice', 'Carol'].entries()) {
      const device = join(folder.path, `${name}-device`)
      await parley(['id', 'create', '--name', name, '--data', device])
      await parley(['contact', 'add', bob.contactUrl, '--data', device])
      const { url } = await parley(['id', 'card', '--no-qr', '--data', device])
      await parley(['contact', 'add', String(url), '--data', bob.device])
      const file = join(folder.path, `${name}.wav`)
      callers.push({ name, device, file, spoken: await speechFile(file, { durationMs: 3000, seed: 11 + index }) })
    }
    const [alice, carol] = callers
    if (alice === undefined || carol === undefined) return expect.fail('there are two callers')

    // Alice speaks through a pipe, so that she is not done before Carol has begun.
    const first = startParley(['call', 'Bob', '--audio', '-', '--data', alice.device])
    const pcm = pcm16(alice.spoken)
    first.child.stdin.write(pcm.subarray(0, pcm.length / 2))
    await first.event('acknowledged')
    const second = startParley(['call', 'Bob', '--audio', carol.file, '--data', carol.device])
    await second.event('acknowledged')
    expect(first.events.some(({ event }) => event === 'ended'), 'Alice still speaks when Carol is being kept').to.equal(false)
    first.child.stdin.end(pcm.subarray(pcm.length / 2))
    const ends = await Promise.all([first.event('ended'), second.event('ended')])
    expect(ends.map(({ status }) => status)).to.deep.equal(['stored', 'stored'])
    expect(ends[0]['conversation']).not.to.equal(ends[1]['conversation'])

    const messages = (await parley(['inbox', '--data', bob.device]))['messages'] as Array<{ n: number, fromName: string, conversation: string }>
    expect(new Set(messages.map(({ conversation }) => conversation)).size).to.equal(2)
    for (const { name, spoken } of callers) {
      const n = messages.find(({ fromName }) => fromName === name)?.n
      const out = join(folder.path, `${name}.ogg`)
      await parley(['play', String(n), '--out', out, '--data', bob.device])
      expect(compareAudio(await decodeFile(out), spoken).correlation, name).to.be.above(0.9)
    }
  })
})
