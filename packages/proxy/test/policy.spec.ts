import { decodeCanonical, type CID } from '@parley/core'
import { expect } from 'chai'
import type { CallResult } from 'parley'
import { packets } from './constellation.ts'
import { createCaller, createHost, meet, type Caller, type Host } from './policy-cast.ts'

interface Told { events: string[], result: CallResult }

describe('somebody whom the person called has blocked', function () {
  this.timeout(60_000)
  let bob: Host
  let eve: Caller

  beforeEach(async () => {
    [bob, eve] = await Promise.all([createHost('Bob'), createCaller('Eve')])
    await meet(eve, bob)
  })

  afterEach(async () => { await Promise.all([bob.stop(), eve.stop()]) })

  const block = async (): Promise<void> => {
    await bob.policy.change(settings => ({ ...settings, blocked: [eve.did] }))
    await bob.hand()
  }

  it('hears frame by frame what they hear from a proxy that serves nobody of that name', async () => {
    const eva = await createCaller('Eva')
    await meet(eva, bob)
    await bob.policy.change(settings => ({ ...settings, blocked: [eve.did, eva.did] }))
    await bob.hand()
    await bob.away()
    const blocked = await observe(eve, 1)
    expect(await held(bob)).to.deep.equal({ records: 0, conversations: 0, items: 0 })
    await unserve(bob)
    const absent = await observe(eva, 1)
    await eva.stop()
    expect(blocked.told).to.deep.equal(absent.told)
    const [signals, syncs] = ['/parley/signal/1', '/parley/sync/1'].map(protocol => ({ blocked: of(blocked, protocol), absent: of(absent, protocol) }))
    // How often a caller dials anew is its own chance; what it then hears is not.
    expect(new Set(signals?.blocked)).to.deep.equal(new Set(signals?.absent))
    expect(syncs?.blocked).to.deep.equal(syncs?.absent)
    expect(signals?.blocked).to.have.length.greaterThan(0)
    expect(syncs?.blocked).to.have.length.greaterThan(1)
    expect(blocked.heard.filter(frame => !/^.parley.(signal|sync)/.test(frame))).to.deep.equal(absent.heard.filter(frame => !/^.parley.(signal|sync)/.test(frame)))
    expect(blocked.told.events).to.include('unreachable')
  })

  it('finds nothing of a conversation that was there before, and nothing of it is lost', async () => {
    const first = await call(eve, 2)
    expect(first.result.status).to.equal('stored')
    await bob.parley.sync()
    const { records, conversations } = await held(bob)
    await block()
    const again = await call(eve, 3)
    expect(again.result.status).to.equal('kept')
    const report = await eve.parley.sync()
    expect(report.unreachable.map(({ reason }) => reason)).to.deep.equal(['nobody whom the asked device answers for may see this conversation'])
    expect(await held(bob)).to.deep.include({ records, conversations })
    expect(await bob.parley.inbox()).to.have.length(1)
    await bob.parley.sync()
    expect(await bob.parley.inbox()).to.have.length(1)
  })

  it('stays blocked when the proxy starts again, and when an older policy comes', async () => {
    await bob.policy.ensure()
    const older = bob.policy.policy()?.bytes ?? new Uint8Array()
    await block()
    await bob.restartProxy()
    expect((await call(eve, 4)).result.status).to.equal('kept')
    expect((await bob.policy.learn(older)).blocked).to.deep.equal([eve.did])
    expect(await held(bob)).to.deep.include({ records: 0, items: 0 })
  })

  it('is heard again once they are not blocked any more', async () => {
    await block()
    expect((await call(eve, 5)).result.status).to.equal('kept')
    await bob.policy.change(settings => ({ ...settings, blocked: [], contacts: [eve.did] }))
    await bob.hand()
    expect((await eve.parley.sync()).unreachable).to.deep.equal([])
    expect(await held(bob)).to.deep.include({ records: 1, conversations: 1 })
  })
})

describe('people whom the person called does not know', function () {
  this.timeout(120_000)
  let bob: Host
  const callers: Caller[] = []

  const stranger = async (name: string): Promise<Caller> => {
    const caller = await createCaller(name)
    callers.push(caller)
    await meet(caller, bob)
    return caller
  }

  beforeEach(async () => {
    bob = await createHost('Bob')
    await bob.policy.ensure()
    await bob.hand()
  })

  afterEach(async () => {
    await Promise.all(callers.splice(0).map(async caller => { await caller.stop() }))
    await bob.stop()
  })

  it('leave one message, and are told why no second one is taken; the first stays', async () => {
    const sam = await stranger('Sam')
    expect((await call(sam, 1)).result.status).to.equal('stored')
    expect((await call(sam, 2)).result.status).to.equal('kept')
    expect((await sam.parley.sync()).unreachable.map(({ reason }) => reason).join()).to.match(/this person takes one message from people they do not know/)
    expect(await held(bob)).to.deep.include({ records: 1 })
    await bob.restartProxy()
    expect((await sam.parley.sync()).unreachable).to.have.length(1)
    expect(await held(bob)).to.deep.include({ records: 1 })
  })

  it('leave more once the person has answered', async () => {
    const sam = await stranger('Sam')
    await (await sam.parley.call('Host', packets(20, 1))).ended
    await bob.parley.sync()
    const { conversation } = (await bob.parley.inbox())[0] ?? expect.fail('nothing came')
    await (await bob.parley.conversations.open(conversation)).append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'Who are you?' }, { durable: true })
    await bob.parley.sync()
    expect((await call(sam, 2)).result.status).to.equal('stored')
  })

  it('speak no longer than they may', async () => {
    await bob.policy.change(settings => ({ ...settings, limits: { ...settings.limits, requestSeconds: 2 } }))
    await bob.hand()
    const sam = await stranger('Sam')
    const result = await (await sam.parley.call('Host', packets(400, 1), { listenFirstMs: 0 })).ended
    expect(result.status).to.equal('kept')
    expect(result.reason).to.match(/at most 3 segments/)
    const records = await recordsOf(bob)
    expect(records).to.have.length(1)
  })

  it('hear that nobody is available where the person refuses them', async () => {
    await bob.policy.change(settings => ({ ...settings, strangers: 'refuse' }))
    await bob.hand()
    const sam = await stranger('Sam')
    expect((await call(sam, 1)).result.status).to.equal('kept')
    expect(await held(bob)).to.deep.equal({ records: 0, conversations: 0, items: 0 })
  })

  it('are at most twenty of a hundred who call at once, and a contact gets through', async () => {
    const carol = await createCaller('Carol')
    callers.push(carol)
    await meet(carol, bob)
    await bob.policy.change(settings => ({ ...settings, contacts: [carol.did] }))
    await bob.hand()
    const crowd = await Promise.all(Array.from({ length: 100 }, async (_none, index) => await stranger(`Stranger ${index}`)))
    const results = await Promise.all(crowd.map(async (caller, index) => (await (await caller.parley.call('Host', packets(10, index), { listenFirstMs: 5000 })).ended).status))
    const stored = results.filter(status => status === 'stored').length
    // On a slow machine some of the twenty give up before their turn comes.
    expect(stored).to.be.within(10, 20)
    expect(results.filter(status => status === 'kept')).to.have.length(100 - stored)
    expect((await call(carol, 7)).result.status).to.equal('stored')
    expect((await held(bob)).records).to.be.within(stored + 1, 21)
  })
})

describe('a contact who fills the disk', function () {
  this.timeout(60_000)

  it('is stopped by their own quota, and others are not', async () => {
    const bob = await createHost('Bob', { quota: { itemsPerDay: 3 } })
    const [carol, dave] = await Promise.all([createCaller('Carol'), createCaller('Dave')])
    await bob.policy.change(settings => ({ ...settings, contacts: [carol.did, dave.did] }))
    await bob.hand()
    await Promise.all([meet(carol, bob), meet(dave, bob)])
    // A conversation and two messages are three.
    expect((await call(carol, 1)).result.status).to.equal('stored')
    expect((await call(carol, 2)).result.status).to.equal('stored')
    const third = await call(carol, 3)
    expect(third.result.status).to.equal('kept')
    expect(third.result.reason).to.match(/no more here today/)
    expect((await call(dave, 1)).result.status).to.equal('stored')
    await Promise.all([bob.stop(), carol.stop(), dave.stop()])
  })
})

async function call (caller: Caller, seed: number): Promise<Told> {
  const spoken = await caller.parley.call('Host', packets(20, seed), { listenFirstMs: 6000 })
  const events: string[] = []
  void spoken.reach.then(reach => { events.push(reach) })
  spoken.on('reach', reach => { if (!events.includes(reach)) events.push(reach) })
  for (const type of ['acknowledged', 'paused', 'resumed'] as const) spoken.on(type, () => { events.push(type) })
  const result = await spoken.ended
  return { events: events.filter(event => event !== 'acknowledged'), result }
}

/** Calls, then brings what could not be brought; tells all that the caller can tell apart. */
async function observe (caller: Caller, seed: number): Promise<{ told: { events: string[], status: string, reason: string | undefined, unreachable: unknown }, heard: string[] }> {
  caller.heard.length = 0
  const { events, result } = await call(caller, seed)
  const { unreachable } = await caller.parley.sync()
  return { told: { events, status: result.status, reason: result.reason, unreachable }, heard: [...caller.heard] }
}

function of ({ heard }: { heard: string[] }, protocol: string): string[] {
  return heard.filter(frame => frame.startsWith(protocol))
}

async function recordsOf ({ proxyStore }: Host): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of proxyStore.entries('/voice/capture/')) keys.push(key)
  return keys
}

async function held (host: Host): Promise<{ records: number, conversations: number, items: number }> {
  let items = 0
  for await (const { value } of host.proxyStore.entries('/mailbox/items/')) {
    // What the host writes for their own devices waits there too.
    const { conversation } = decodeCanonical('item', value, 1 << 20) as { conversation: CID | null }
    if (conversation?.equals(host.parley.home.id) !== true) items++
  }
  return { records: (await recordsOf(host)).length, conversations: (await host.proxy.status()).conversations, items }
}

/** Makes the proxy one that serves nobody, and starts it again. */
async function unserve (host: Host): Promise<void> {
  const keys: string[] = []
  for await (const { key } of host.proxyStore.entries('/proxy/served/')) keys.push(key)
  await host.proxyStore.commit(keys.map(key => ({ type: 'delete' as const, key })))
  await host.restartProxy()
}
