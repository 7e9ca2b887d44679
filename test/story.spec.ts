import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createPerson, introduce, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll, parley, startParley, type JsonEvent } from './harness/parley-process.ts'
import { compareAudio, decodeFile, speechFile } from './harness/speech.ts'

interface ListedMessage { n: number, fromName: string, at: string, durationMs: number, state: string, conversation: string, played: boolean }

describe('a call that nobody is home for', function () {
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

  it('is kept, heard, seen as heard, and answered to somebody who is away by then', async () => {
    const hello = join(folder.path, 'hello.wav')
    const spoken = await speechFile(hello, { durationMs: 10_000, seed: 1 })
    const aliceNode = startParley(['device', 'start', '--data', alice.device])
    await aliceNode.event('ready')

    // Alice speaks; the call runs in her node, which owns her store.
    const startedAt = performance.now()
    const call = startParley(['call', 'Bob', '--audio', hello, '--data', alice.device])
    await call.event('reach')
    const end = await call.event('ended')
    expect(performance.now() - startedAt, 'spoken in real time').to.be.above(9_500)
    expect(await call.exit).to.equal(0)
    expect(call.events.filter(({ event }) => event === 'reach' || event === 'recorded')[0], 'told before the first word').to.include({ event: 'reach', reach: 'proxy-only' })
    expect(end).to.include({ status: 'stored', cutOff: false })
    expect(end['acknowledged']).to.equal(end['segments'])

    // Bob comes back.
    const [message] = (await parley(['inbox', '--data', bob.device]))['messages'] as ListedMessage[]
    expect(message).to.include({ n: 1, fromName: 'Alice', state: 'complete', played: false })
    expect(message?.durationMs).to.be.within(9_960, 10_040)
    expect(Date.parse(message?.at ?? '')).to.be.within(Date.now() - 60_000, Date.now())
    const out = join(folder.path, 'hello.ogg')
    await parley(['play', '1', '--out', out, '--data', bob.device])
    const heard = compareAudio(await decodeFile(out), spoken)
    expect(heard.correlation).to.be.above(0.9)
    expect(Math.abs(heard.longerMs)).to.be.below(40)
    await expectCleanOpus(out)

    // Alice's node is told.
    const played = await aliceNode.event('played')
    expect(played).to.include({ by: bob.did, done: true, conversation: message?.conversation })
    const shown = await parley(['conversation', 'show', String(end['conversation']), '--data', alice.device]) as JsonEvent & { messages: Array<{ played: Array<{ did: string }> }> }
    expect(shown.messages[0]?.played.map(({ did }) => did)).to.deep.equal([bob.did])

    // Alice goes away, Bob answers.
    expect(await aliceNode.stop()).to.equal(0)
    const answer = join(folder.path, 'answer.wav')
    const answered = await speechFile(answer, { durationMs: 3_000, seed: 2 })
    const reply = startParley(['reply', '1', '--audio', answer, '--data', bob.device])
    expect((await reply.event('reach'))['reach']).to.equal('proxy-only')
    expect(await reply.event('ended')).to.include({ status: 'stored', conversation: message?.conversation })
    expect(await reply.exit).to.equal(0)

    // Alice comes back and hears it in the same conversation.
    const [back] = (await parley(['inbox', '--data', alice.device]))['messages'] as ListedMessage[]
    expect(back).to.include({ fromName: 'Bob', state: 'complete', conversation: message?.conversation })
    const answerOut = join(folder.path, 'answer.ogg')
    await parley(['play', String(back?.n), '--out', answerOut, '--data', alice.device])
    expect(compareAudio(await decodeFile(answerOut), answered).correlation).to.be.above(0.9)
  })
})

/** opusinfo (opus-tools) judges the file where it is installed. */
async function expectCleanOpus (path: string): Promise<void> {
  if (!existsSync('/usr/bin/opusinfo')) {
    console.log('      opusinfo is not installed: the structure was judged by our reader alone')
    return
  }
  const { stdout, stderr } = await promisify(execFile)('/usr/bin/opusinfo', [path])
  expect(`${stdout}${stderr}`).not.to.match(/warning|error|invalid/i)
}
