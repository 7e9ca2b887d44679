import { expect } from 'chai'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { befriend, localDevice, speech, type LocalDevice, type Speech } from './harness/in-process.ts'
import { killAll, startParley, type ParleyProcess } from './harness/parley-process.ts'
import { scenarioFolder } from './harness/people.ts'
import { mountSmallDisk, type SmallDisk } from './harness/small-disk.ts'
import type { OpusPacket } from '@parley/media'
import type { VoiceCall } from 'parley'

interface People { alice: LocalDevice, bob: LocalDevice, proxy: ParleyProcess }

describe('a proxy that cannot write while somebody speaks to it', function () {
  this.timeout(120_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let said: Speech
  let disk: SmallDisk | undefined

  before(async () => {
    folder = await scenarioFolder()
    said = await speech(12_000, 91)
  })

  after(async () => {
    await killAll()
    disk?.remove()
    await folder.remove()
  })

  it('says that its disk is full, keeps what it has, and goes on when there is room', async function () {
    disk = mountSmallDisk(this, join(folder.path, 'small'), 48)
    const people = await begin(folder.path, join(disk.path, 'data'), ['--keep-free', '4'])
    const told = await speakThrough(people, said, {
      trouble: async () => { await disk?.fill(2e6) },
      relief: async () => { await disk?.makeRoom() }
    })
    expect(told).to.match(/full|room|space/i).and.not.include(folder.path)
    await expectHeardInFull(people, said)
    await end(people)
  })

  it('says that its folder is gone, and goes on when it is back', async () => {
    const data = join(folder.path, 'moved')
    const people = await begin(folder.path, data, [])
    const told = await speakThrough(people, said, {
      trouble: async () => { await rename(data, `${data}-away`) },
      relief: async () => { await rename(`${data}-away`, data) }
    })
    expect(told).to.match(/folder|missing|gone|not there/i).and.not.include(folder.path)
    await expectHeardInFull(people, said)
    await end(people)
  })
})

async function begin (parent: string, data: string, proxyArgs: string[]): Promise<People> {
  const proxy = startParley(['proxy', 'start', '--unclaimed', '--host', '127.0.0.1', '--data', data, ...proxyArgs])
  const bob = await localDevice('bob', { parent })
  const { claimUrl } = await proxy.event(event => event['claimUrl'] !== undefined)
  await bob.parley.addProxy(String(claimUrl))
  const { contactUrl } = await proxy.event(event => event['contactUrl'] !== undefined)
  const alice = await localDevice('alice', { parent })
  await alice.parley.addContact(String(contactUrl), { name: 'Bob' })
  await befriend(bob.parley, alice.parley)
  return { alice, bob, proxy }
}

/**
 * Speaks, makes trouble once something is safe, waits to be told, speaks on
 * for a while, ends the trouble, and sees the call through. Returns what the
 * caller was told.
 */
async function speakThrough ({ alice }: People, { packets }: Speech, { trouble, relief }: { trouble(): Promise<void>, relief(): Promise<void> }): Promise<string> {
  const [isTroubled, isRelieved] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const third = Math.floor(packets.length / 3)
  const call: VoiceCall = await alice.parley.call('Bob', (async function * (): AsyncGenerator<OpusPacket> {
    yield * packets.slice(0, third)
    await isTroubled.promise
    yield * packets.slice(third, 2 * third)
    await isRelieved.promise
    yield * packets.slice(2 * third)
  })())
  const paused = Promise.withResolvers<string>()
  const resumed = Promise.withResolvers<void>()
  let acknowledged = 0
  const safe = Promise.withResolvers<void>()
  call.on('acknowledged', ({ index }) => {
    expect(index, 'acknowledged in order, none twice').to.equal(acknowledged)
    acknowledged++
    if (acknowledged === 3) safe.resolve()
  })
  call.on('paused', ({ detail }) => { paused.resolve(detail) })
  call.on('resumed', () => { resumed.resolve() })
  await safe.promise
  await trouble()
  isTroubled.resolve()
  const told = await paused.promise
  const before = acknowledged
  await new Promise(resolve => { setTimeout(resolve, 300) })
  expect(acknowledged, 'nothing is acknowledged that is not on the disk').to.equal(before)
  await relief()
  await resumed.promise
  isRelieved.resolve()
  expect(await call.ended).to.include({ status: 'stored', cutOff: false })
  console.log(`      told after ${before} segments: ${told}`)
  return told
}

async function expectHeardInFull ({ bob }: People, { packets }: Speech): Promise<void> {
  await bob.parley.sync()
  const [entry] = await bob.parley.inbox()
  expect(entry).to.include({ state: 'complete' })
  const heard: Uint8Array[] = []
  for await (const piece of bob.parley.listen(entry?.n ?? 0)) heard.push(...piece.packets.map(({ data }) => data))
  expect(Buffer.concat(heard).equals(Buffer.concat(packets.map(({ data }) => data))), 'without a gap or a double').to.equal(true)
}

async function end ({ alice, bob, proxy }: People): Promise<void> {
  await Promise.all([alice.stop(), bob.stop()])
  expect(await proxy.stop()).to.equal(0)
}
