import { expect } from 'chai'
import { createSystemClock } from '@parley/core'
import { pace, type OpusPacket } from '@parley/media'
import type { Parley } from 'parley'
import { bytesOf, createSomebody, introduce, packets, type Somebody } from './constellation.ts'

describe('somebody calls a person whose devices are all off', function () {
  this.timeout(30_000)
  let alice: Somebody
  let bob: Somebody

  beforeEach(async () => {
    [alice, bob] = await Promise.all([createSomebody('Alice'), createSomebody('Bob')])
    await introduce(alice, bob)
    await bob.away()
  })

  afterEach(async () => {
    await Promise.all([alice.stop(), bob.stop()])
  })

  it('is kept by the proxy and heard later, packet by packet', async () => {
    const call = await alice.parley.call('Bob', packets(110, 1))
    expect(await call.reach).to.equal('proxy-only')
    const result = await call.ended
    expect(result).to.include({ status: 'stored', cutOff: false, segments: 4, acknowledged: 4 })
    expect(result.durationMs).to.be.closeTo(2200, 10)

    const back = await bob.back()
    await back.sync()
    const [entry] = await back.inbox()
    expect(entry).to.include({ n: 1, fromName: 'Alice', known: true, request: false, state: 'complete', played: false })
    expect(await heard(back, 1)).to.deep.equal(await bytesOf(packets(110, 1)))
  })

  it('tells the speaker that it was played, and takes the answer to somebody who is away by then', async () => {
    await (await alice.parley.call('Bob', packets(60, 2))).ended
    const back = await bob.back()
    await back.sync()
    await alice.away()
    await back.markPlayed(1, { positionMs: 1200, done: true })
    const reply = await back.reply(1, packets(30, 3))
    expect(await reply.reach).to.equal('proxy-only')
    expect((await reply.ended).status).to.equal('stored')

    const home = await alice.back()
    await home.sync()
    const [answer] = await home.inbox()
    expect(answer).to.include({ fromName: 'Bob', state: 'complete' })
    expect(answer?.conversation.equals(reply.conversation)).to.equal(true)
    expect(await heard(home, 1)).to.deep.equal(await bytesOf(packets(30, 3)))
    const state = await (await home.conversations.open(reply.conversation)).state()
    expect(Object.keys(state.messages[0]?.played ?? {})).to.deep.equal([bob.did])
  })

  it('has one end in the proxy\'s record', async () => {
    const call = await alice.parley.call('Bob', packets(20, 4))
    await call.ended
    const records = []
    for await (const record of bob.proxy.calls()) records.push(record)
    expect(records).to.have.length(1)
    expect(records[0]?.events.map(({ event }) => event)).to.deep.equal(['offered', 'capturing', 'stored'])
  })

  it('keeps what is said on this device when nobody can take it, and brings it later', async () => {
    await bob.proxyAway()
    const call = await alice.parley.call('Bob', packets(40, 5), { listenFirstMs: 100 })
    expect(await call.ended).to.include({ status: 'kept', acknowledged: 0 })
    expect((await alice.parley.sync()).unreachable[0]?.who).to.equal('Bob')

    await bob.proxyBack()
    expect((await alice.parley.sync()).unreachable).to.deep.equal([])
    const back = await bob.back()
    await back.sync()
    expect(await back.inbox()).to.have.length(1)
    expect(await heard(back, 1)).to.deep.equal(await bytesOf(packets(40, 5)))
  })

  it('is rung when the person\'s device is on line, and told so', async () => {
    const there = await bob.back({ follow: true })
    await new Promise<void>(resolve => { there.on('proxy', ({ state }) => { if (state === 'connected') resolve() }) })
    const rung = new Promise<string>(resolve => { there.on('offer', ({ fromName }) => { resolve(fromName) }) })
    const arrived = new Promise<string>(resolve => { there.on('message', ({ state }) => { if (state === 'complete') resolve(state) }) })
    const call = await alice.parley.call('Bob', endless())
    const kept = new Promise<void>(resolve => { call.on('acknowledged', () => { resolve() }) })
    // The first word may be the proxy's, when the topic reaches the device a moment later.
    await new Promise<void>(resolve => {
      call.on('reach', reach => { if (reach === 'ringing') resolve() })
      void call.reach.then(reach => { if (reach === 'ringing') resolve() })
    })
    await kept
    call.hangUp()
    expect(await rung).to.equal('Alice')
    expect((await call.ended).status).to.equal('stored')
    expect(await arrived).to.equal('complete')
  })

  it('is not what a device that stops cuts off for ever', async () => {
    const call = await alice.parley.call('Bob', endless())
    await new Promise<void>(resolve => { call.on('acknowledged', ({ index }) => { if (index >= 2) resolve() }) })
    await alice.away()
    expect(await call.ended).to.include({ status: 'kept', cutOff: true })
    const home = await alice.back()
    await home.sync()
    const back = await bob.back()
    await back.sync()
    expect((await back.inbox())[0]).to.include({ state: 'cut-off', fromName: 'Alice' })
    expect((await heard(back, 1)).length).to.be.at.least(110)
  })
})

/** Somebody who speaks, in the time it takes, until they are stopped. */
function endless (): AsyncGenerator<OpusPacket> {
  const words = async function * (): AsyncGenerator<OpusPacket> { for (;;) yield * packets(10, 7) }
  return pace(words(), { clock: createSystemClock() })
}

async function heard (parley: Parley, n: number): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const { packets } of parley.listen(n)) for (const { data } of packets) all.push(data)
  return all
}
