import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPerson, introduce, type TestPerson } from './harness/people.ts'
import { killAll, parley, startParley, type JsonEvent, type ParleyProcess } from './harness/parley-process.ts'
import { compareAudio, decodeFile, speechFile } from './harness/speech.ts'

/** Tells what happens, with the seconds since the beginning. */
const startedMs = performance.now()
const say = (text: string): void => { console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s  ${text}`) }

/** Draws how much was spoken and how much of it a disk has, in place on a terminal. */
function followSpeaking (call: ParleyProcess, totalMs: number): () => void {
  let keptMs = 0
  const seen = new Set<JsonEvent>()
  const timer = setInterval(() => {
    let spokenMs = 0
    for (const event of call.events) {
      if (event.event === 'recorded') spokenMs = Number(event['durationMs'])
      if (event.event === 'acknowledged' && !seen.has(event)) keptMs = Number(event['durationMs'])
      seen.add(event)
    }
    const filled = Math.min(30, Math.round(30 * spokenMs / totalMs))
    const line = `         speaking [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${(spokenMs / 1000).toFixed(1)} s said, ${(keptMs / 1000).toFixed(1)} s on the proxy's disk`
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`)
  }, 100)
  return () => {
    clearInterval(timer)
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  }
}

async function speak (command: string[], durationMs: number): Promise<JsonEvent> {
  const call = startParley(command)
  const { reach } = await call.event('reach')
  say(`The answer, before a word is said: ${String(reach)}. Speaking.`)
  const stop = followSpeaking(call, durationMs)
  const end = await call.event('ended')
  stop()
  await call.exit
  return end
}

interface Listed { n: number, fromName: string, durationMs: number, conversation: string }

async function inboxOf (person: TestPerson): Promise<Listed[]> {
  return (await parley(['inbox', '--data', person.device]))['messages'] as Listed[]
}

async function story (): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
  say('Alice and Bob each make an identity and start a proxy of their own: four data folders, real processes.')
  const [alice, bob] = await Promise.all([createPerson(folder, 'Alice'), createPerson(folder, 'Bob')])
  say(`Alice is ${alice.did.slice(0, 28)}…, Bob is ${bob.did.slice(0, 28)}…`)
  await introduce(alice, bob)
  say('They add each other by the contact URLs that their proxies print. Bob\'s device is off.')

  const hello = join(folder, 'hello.wav')
  const spoken = await speechFile(hello, { durationMs: 6000, seed: 1 })
  const aliceNode = startParley(['device', 'start', '--data', alice.device])
  await aliceNode.event('ready')
  say('Alice calls Bob.')
  const end = await speak(['call', 'Bob', '--audio', hello, '--data', alice.device], 6000)
  say(`${String(end['status'])}: ${(Number(end['durationMs']) / 1000).toFixed(1)} s in ${String(end['segments'])} sealed segments. The proxy cannot hear a word of it.`)

  const [message] = await inboxOf(bob)
  if (message === undefined) throw new Error('Bob\'s inbox is empty')
  say(`Bob's device comes up. His inbox: message ${message.n}, from ${message.fromName}, ${(message.durationMs / 1000).toFixed(1)} s.`)
  const out = join(folder, 'what-alice-said.ogg')
  await parley(['play', String(message.n), '--out', out, '--data', bob.device])
  const { correlation } = compareAudio(await decodeFile(out), spoken)
  say(`Bob plays it. What he hears matches what she said: correlation ${correlation.toFixed(3)}.`)
  await aliceNode.event('played')
  say('Alice\'s node is told that he played it. Now Alice goes away.')
  await aliceNode.stop()

  const answer = join(folder, 'answer.wav')
  await speechFile(answer, { durationMs: 3000, seed: 2 })
  say('Bob answers by speaking.')
  await speak(['reply', String(message.n), '--audio', answer, '--data', bob.device], 3000)
  const [back] = await inboxOf(alice)
  say(`Alice comes back: message ${String(back?.n)}, from ${String(back?.fromName)}, in the ${back?.conversation === message.conversation ? 'same' : 'wrong'} conversation.`)
  await Promise.all([alice.proxy.stop(), bob.proxy.stop()])
  say(`What Bob heard is an Ogg Opus file:\n\n  ${out}\n`)
}

try {
  await story()
} catch (error) {
  console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await killAll()
}
process.exit()
