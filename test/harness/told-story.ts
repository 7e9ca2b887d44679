/**
 * The whole story with real processes, as a program of its own, so that it can
 * be told inside of something: `node test/harness/told-story.ts FOLDER`. Its
 * last line of output is a ToldStory as JSON.
 */
import { join } from 'node:path'
import { createPerson, introduce } from './people.ts'
import { killAll, parley, runningPids, startParley } from './parley-process.ts'
import { socketsOf, type KernelSocket } from './process-sockets.ts'
import { speechFile } from './speech.ts'

export interface ToldStory {
  /** How both calls ended. */
  statuses: string[]
  /** What Alice's device was told. */
  playedBy: string
  bob: string
  /** Sockets of all processes while Alice spoke; absent where the system does not tell. */
  sockets?: KernelSocket[] | undefined
}

export async function tellStory (folder: string): Promise<ToldStory> {
  const [alice, bob] = [await createPerson(folder, 'Alice'), await createPerson(folder, 'Bob')]
  await introduce(alice, bob)
  const [hello, answer] = [join(folder, 'hello.wav'), join(folder, 'answer.wav')]
  await speechFile(hello, { durationMs: 3000, seed: 71 })
  await speechFile(answer, { durationMs: 1500, seed: 72 })
  const node = startParley(['device', 'start', '--data', alice.device])
  await node.event('ready')
  const call = startParley(['call', 'Bob', '--audio', hello, '--data', alice.device])
  await call.event('acknowledged')
  const sockets = socketsOf(runningPids())
  const first = await call.event('ended')
  await parley(['inbox', '--data', bob.device])
  await parley(['play', '1', '--out', join(folder, 'hello.ogg'), '--data', bob.device])
  const played = await node.event('played')
  await node.stop()
  const second = await startParley(['reply', '1', '--audio', answer, '--fast', '--data', bob.device]).event('ended')
  await parley(['inbox', '--data', alice.device])
  await parley(['play', '1', '--out', join(folder, 'answer.ogg'), '--data', alice.device])
  await parley(['proxy', 'status', '--data', bob.proxyFolder])
  await Promise.all([alice, bob].map(async ({ proxy }) => await proxy.stop()))
  return { statuses: [first, second].map(({ status }) => String(status)), playedBy: String(played['by']), bob: bob.did, sockets }
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(JSON.stringify(await tellStory(process.argv[2] ?? '')))
  } finally {
    await killAll()
  }
}
