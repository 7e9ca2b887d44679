// Alice calls Bob, who is away. His proxy keeps what she says. Bob comes back,
// writes it to an Ogg Opus file, and Alice is told that he heard it. Everything
// runs in this one process, over loopback, in a temporary folder.
import { contactUrl } from '@parley/identity'
import { encodeOpus, oggOpusPages, syntheticSpeech, type OpusPacket } from '@parley/media'
import { openProxyNode } from '@parley/proxy/node'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Parley } from 'parley'
import { createIdentity, openParley } from 'parley/node'

const folder = await mkdtemp(join(tmpdir(), 'leave-a-message-'))
const out = resolve(process.argv[2] ?? 'message-from-alice.ogg')

// Two people, each with a device and a proxy. Bob gives out his card and goes away.
const { device: alice, stopProxy: stopAlicesProxy } = await createPerson('Alice')
const { device: bobBefore, stopProxy: stopBobsProxy } = await createPerson('Bob')
const card = contactUrl(await bobBefore.card())
await bobBefore.stop()

// Alice adds Bob and calls him.
const heard = new Promise<string>(tell => { alice.on('played', ({ byName }) => { tell(byName) }) })
await alice.addContact(card)
const call = await alice.call('Bob', encodeOpus(speech({ durationMs: 3000 })), { subject: 'The picnic' })
console.log(`Bob: ${await call.reach}`)
const result = await call.ended
console.log(`The call ended: ${result.status}, ${result.durationMs / 1000} s, ${result.acknowledged} of ${result.segments} segments on the disk of Bob's proxy`)

// Bob comes back, fetches what waits for him and plays it into a file.
const bob = await openParley(join(folder, 'Bob'))
await bob.sync()
for (const { n, fromName, subject, durationMs, state } of await bob.inbox()) {
  console.log(`Bob's inbox: ${n}, ${fromName}, "${subject}", ${durationMs / 1000} s, ${state}`)
}
const pages: Uint8Array[] = []
for await (const page of oggOpusPages(packetsOf(bob, 1))) pages.push(page)
await writeFile(out, Buffer.concat(pages))
console.log(`Written to ${out}`)

// He says that he heard it; Alice's device is told by her proxy.
await bob.markPlayed(1, { positionMs: result.durationMs, done: true })
console.log(`Alice is told: played by ${await heard}`)

await Promise.all([alice.stop(), bob.stop()])
await Promise.all([stopAlicesProxy(), stopBobsProxy()])
await rm(folder, { recursive: true })

/** Makes a person with one device, and a proxy that the device takes for its own. */
async function createPerson (name: string): Promise<{ device: Parley, stopProxy(): Promise<void> }> {
  await createIdentity(join(folder, name), { name })
  const { proxy, stop: stopProxy } = await openProxyNode(join(folder, `${name}-proxy`), { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const device = await openParley(join(folder, name), { follow: true })
  await device.addProxy(await proxy.claim())
  return { device, stopProxy }
}

/** Something to say, in the form in which `openAudio` returns a file. */
function speech ({ durationMs }: { durationMs: number }): Parameters<typeof encodeOpus>[0] {
  return {
    kind: 'pcm',
    format: { sampleRateHz: 48_000, channels: 1 },
    async * read () { yield syntheticSpeech({ durationMs }) }
  }
}

async function * packetsOf (device: Parley, n: number): AsyncGenerator<OpusPacket> {
  for await (const { packets } of device.listen(n)) yield * packets
}
