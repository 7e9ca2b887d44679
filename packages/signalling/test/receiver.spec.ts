import { createSeededRandom, createVirtualClock, silentLogger, type VirtualClock } from '@parley/core'
import { createPeople, publicKeyFromDid, signBlock, type DeviceKeys, type People } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { createPeerClocks } from '../src/freshness.ts'
import { createDidBook, keyOf } from '../src/ids.ts'
import type { Outbox } from '../src/outbox.ts'
import { createReceiver, type Received } from '../src/receiver.ts'
import { createReplayWindow } from '../src/replay-window.ts'
import type { SignalContent } from '../src/signal.ts'
import { createPerson, type CastPerson } from './cast.ts'
import { mutate } from './mutate.ts'

describe('a signal that comes in', function () {
  this.timeout(60_000)
  const random = createSeededRandom(11)
  let clock: VirtualClock
  let alice: CastPerson
  let bob: CastPerson
  let mallory: CastPerson
  let people: People
  let obeyed: Received[]
  let acknowledged: Uint8Array[]
  let receive: (block: Uint8Array) => Promise<void>
  let seq = 0

  before(async () => {
    const now = createVirtualClock().now()
    alice = await createPerson(1, { phone: ['endpoint'], proxy: ['proxy'], admin: ['admin'] }, now)
    bob = await createPerson(2, { phone: ['endpoint'] }, now)
    mallory = await createPerson(3, { phone: ['endpoint'] }, now)
  })

  beforeEach(async () => {
    clock = createVirtualClock()
    people = createPeople({ store: createMemoryStore(), logger: silentLogger })
    await people.learnCard(alice.card)
    obeyed = []
    acknowledged = []
    const outbox: Outbox = {
      send: () => ({ cancel () {} }), acknowledge ({ of }) { acknowledged.push(of) }, awaits: () => true, acknowledged () {}, opened () {}, connected () {}, flush: async () => {}, stop () {}
    }
    const receiver = createReceiver({ people, dids: createDidBook(), clock, clocks: createPeerClocks({ clock }), replays: createReplayWindow(), outbox }, {
      persons: () => [bob.did],
      admits: () => true,
      isKnownCall: () => false,
      whyOutside: () => undefined,
      onSignal (received) { obeyed.push(received) }
    })
    receive = async block => { await receiver.receive(block, { path: 'topic' }) }
  })

  const keysOf = (person: CastPerson, device: string): DeviceKeys => {
    const keys = person.devices[device]?.keys
    if (keys === undefined) throw new RangeError(device)
    return keys
  }
  const offer = (): SignalContent => ({ type: 'call.offer', payload: { media: ['audio'], card: new Uint8Array(alice.card) } })
  const sign = async (person: CastPerson, device: string, content: SignalContent, more: Record<string, unknown> = {}): Promise<Uint8Array> => {
    const keys = keysOf(person, device)
    return await signBlock(keys.signer, 'signal', {
      v: 1, id: random(16), call: random(16), from: publicKeyFromDid(person.did), device: publicKeyFromDid(keys.did), to: publicKeyFromDid(bob.did),
      seq: seq++, sentAt: clock.now(), expiresAt: clock.now() + 60_000, ...content, ...more
    })
  }
  const refusal = async (block: Uint8Array): Promise<string> => {
    try {
      await receive(block)
      return 'taken'
    } catch (error) {
      return (error as Error).name
    }
  }

  it('is acknowledged and obeyed once, and acknowledged again when it comes again later', async () => {
    const block = await sign(alice, 'phone', offer())
    await receive(block)
    await receive(block)
    expect([obeyed.length, acknowledged.length]).to.deep.equal([1, 1])
    await clock.advance(1_000)
    await receive(block)
    expect([obeyed.length, acknowledged.length]).to.deep.equal([1, 2])
    expect(keyOf(acknowledged[1] ?? new Uint8Array())).to.equal(keyOf(obeyed[0]?.signal.id ?? new Uint8Array()))
  })

  it('is refused when it has expired, or was sent more than five minutes from our clock', async () => {
    const block = await sign(alice, 'phone', offer())
    await clock.advance(60_000)
    expect(await refusal(block)).to.equal('ExpiredSignalError')
    const ahead = await sign(alice, 'phone', offer(), { sentAt: clock.now() + 301_000, expiresAt: clock.now() + 302_000 })
    expect(await refusal(ahead)).to.equal('ExpiredSignalError')
    expect(obeyed).to.have.length(0)
  })

  it('is refused when it claims to live longer than any signal may', async () => {
    expect(await refusal(await sign(alice, 'phone', offer(), { expiresAt: clock.now() + 301_000 }))).to.equal('InvalidBytesError')
  })

  it('is refused when the device is not on the list of the person, is signed by another key, or is for somebody else', async () => {
    const asAlice = { from: publicKeyFromDid(alice.did) }
    expect(await refusal(await sign(mallory, 'phone', offer(), asAlice))).to.equal('UnknownSenderError')
    expect(await refusal(await sign(mallory, 'phone', offer(), { ...asAlice, device: publicKeyFromDid(keysOf(alice, 'phone').did) }))).to.equal('InvalidSignatureError')
    expect(await refusal(await sign(alice, 'phone', offer(), { to: publicKeyFromDid(mallory.did) }))).to.equal('MisdirectedSignalError')
    expect(await refusal(await sign(mallory, 'phone', { type: 'call.alive', payload: {} }))).to.equal('UnknownSenderError')
    expect([obeyed.length, acknowledged.length]).to.deep.equal([0, 0])
  })

  const forbidden: Array<[string, string, () => SignalContent]> = [
    ['a proxy', 'offers a call as its person', offer],
    ['a proxy', 'accepts live', () => ({ type: 'call.accept', payload: { mode: 'live', onBehalfOf: publicKeyFromDid(alice.did) } })],
    ['a proxy', 'captures without saying for whom', () => ({ type: 'call.accept', payload: { mode: 'capture' } })],
    ['a proxy', 'captures for somebody else', () => ({ type: 'call.accept', payload: { mode: 'capture', onBehalfOf: publicKeyFromDid(mallory.did) } })],
    ['a proxy', 'declines for its person', () => ({ type: 'call.reject', payload: { reason: 'declined' } })],
    ['a proxy', 'says its person is there', () => ({ type: 'call.offer-ack', payload: { reach: 'live' } })],
    ['a proxy', 'gives a caller\'s sign of life', () => ({ type: 'call.alive', payload: {} })],
    ['an admin', 'leaves a call', () => ({ type: 'call.leave', payload: { reason: 'hang-up' } })],
    ['a phone', 'accepts for somebody else', () => ({ type: 'call.accept', payload: { mode: 'live', onBehalfOf: publicKeyFromDid(mallory.did) } })]
  ]
  for (const [who, does, content] of forbidden) {
    it(`is refused when ${who} ${does}`, async () => {
      expect(await refusal(await sign(alice, who.split(' ')[1] ?? '', content()))).to.equal('ForbiddenSignalError')
      expect([obeyed.length, acknowledged.length]).to.deep.equal([0, 0])
    })
  }

  it('is taken from a proxy that captures on behalf of its person', async () => {
    await receive(await sign(alice, 'proxy', { type: 'call.accept', payload: { mode: 'capture', onBehalfOf: publicKeyFromDid(alice.did) } }))
    expect(obeyed).to.have.length(1)
  })

  it('is refused by name, and changes nothing, when 10,000 times a byte is altered', async () => {
    const block = await sign(alice, 'phone', { type: 'call.reject', payload: { reason: 'declined', detail: 'no' } })
    const names = new Map<string, number>()
    for (let round = 0; round < 10_000; round++) {
      const name = await refusal(mutate(block, random))
      names.set(name, (names.get(name) ?? 0) + 1)
    }
    expect([obeyed.length, acknowledged.length]).to.deep.equal([0, 0])
    expect([...names.keys()]).to.include.members(['InvalidBytesError', 'InvalidSignatureError', 'MisdirectedSignalError', 'UnknownSenderError'])
    expect(['ExpiredSignalError', 'ForbiddenSignalError', 'InvalidBytesError', 'InvalidSignatureError', 'MisdirectedSignalError', 'UnknownSenderError']).to.include.members([...names.keys()])
    await receive(block)
    expect(obeyed).to.have.length(1)
  })
})
