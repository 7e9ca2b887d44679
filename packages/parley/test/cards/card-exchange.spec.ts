import { createSeededRandom, createVirtualClock, silentLogger, type Logger, type VirtualClock } from '@parley/core'
import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createContactCard, createDeviceKeys, createDeviceList, createPeople, createSigner, type ContactCard, type DeviceKeys, type Did, type People } from '@parley/identity'
import { createMemoryStore, type Network, type PeerTarget } from '@parley/network'
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { CARD_PROTOCOL, cardAnswerCodec, cardRequestCodec, fetchCard, serveCards } from '../../src/card-exchange.ts'
import { mutate } from '../backup/mutate.ts'
import { cardVectors } from './frame-vectors.ts'

const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/card-exchange.json', import.meta.url), 'utf8')) as ReturnType<typeof cardVectors>

async function errorName (work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'nothing', (error: unknown) => (error as Error).name)
}

interface Person { did: Did, keys: DeviceKeys, card: ContactCard }

const HOUR = 3_600_000

describe('asking for the card of a person', () => {
  let world: MemoryNetworks
  let clock: VirtualClock
  let bob: Person
  let carol: Person
  let proxy: Network
  let asker: Network
  let people: People
  let target: PeerTarget
  let served: Map<Did, Uint8Array | undefined>
  let warnings: string[]
  let unserve: () => Promise<void>

  async function person (number: number, name: string): Promise<Person> {
    const signer = await createSigner(new Uint8Array(32).fill(number))
    const keys = await createDeviceKeys({ seed: new Uint8Array(32).fill(number + 1), sealingSecret: new Uint8Array(32).fill(number + 2) })
    const list = await createDeviceList(signer, { name, issued: clock.now(), devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'phone', platform: 'linux', roles: ['endpoint'], capabilities: [], added: clock.now() }] })
    const card = await createContactCard(keys.signer, { list, routes: [], issued: clock.now(), expires: clock.now() + HOUR })
    return { did: signer.did, keys, card }
  }

  beforeEach(async () => {
    clock = createVirtualClock()
    world = createMemoryNetworks()
    bob = await person(10, 'Bob')
    carol = await person(20, 'Carol')
    proxy = await world.join(new Uint8Array(32).fill(1))
    asker = await world.join(carol.keys.seed)
    target = { peer: proxy.peerId, addresses: proxy.addresses() }
    people = createPeople({ store: createMemoryStore(), logger: silentLogger })
    served = new Map([[bob.did, bob.card.bytes]])
    warnings = []
    const logger: Logger = { ...silentLogger, warn: message => { warnings.push(message) }, child: () => logger }
    unserve = await serveCards({ network: proxy, people, clock, logger }, { cardOf: async did => served.get(did) })
  })

  afterEach(async () => { await world.stop() })

  const fetch = async (did: Did, options: Parameters<typeof fetchCard>[3] = {}): Promise<ContactCard> => await fetchCard({ network: asker, clock }, target, did, options)

  it('gives a genuine card', async () => {
    const card = await fetch(bob.did)
    expect(card.list.person).to.equal(bob.did)
    expect(card.bytes).to.deep.equal(bob.card.bytes)
  })

  it('says no more of somebody unknown than that', async () => {
    const error: unknown = await fetch(carol.did).catch((cause: unknown) => cause)
    expect(error).to.include({ name: 'CardUnavailableError', reason: 'unknown', person: carol.did })
  })

  it('takes no card of another person, of nobody, or an altered one', async () => {
    served.set(carol.did, bob.card.bytes)
    expect(await errorName(fetch(carol.did))).to.equal('WrongPersonError')
    served.set(bob.did, Uint8Array.of(1, 2, 3))
    expect(await errorName(fetch(bob.did))).to.equal('InvalidBytesError')
    served.set(bob.did, bob.card.bytes.with(-1, (bob.card.bytes.at(-1) ?? 0) ^ 1))
    expect(await errorName(fetch(bob.did))).to.equal('InvalidSignatureError')
  })

  it('learns where the asker is, from the asker itself', async () => {
    await fetch(bob.did, { card: carol.card.bytes })
    expect((await people.list(carol.did))?.name).to.equal('Carol')
  })

  it('answers all the same, and learns nothing, when the card is not the asker\'s or is none', async () => {
    const dave = await person(30, 'Dave')
    for (const card of [dave.card.bytes, Uint8Array.of(7)]) expect((await fetch(bob.did, { card })).list.person).to.equal(bob.did)
    expect(await people.list(dave.did)).to.equal(undefined)
    expect(warnings).to.deep.equal(['the card of an asker was refused'])
  })

  it('learns of so many new people and no more at a time, from all peers together', async () => {
    let learned = 0
    for (let number = 0; number < 40; number++) {
      const stranger = await person(50 + 3 * number, 'somebody')
      const network = await world.join(stranger.keys.seed)
      await fetchCard({ network, clock }, target, bob.did, { card: stranger.card.bytes })
      if (await people.list(stranger.did) !== undefined) learned++
    }
    expect(learned).to.equal(32)
  }).timeout(20_000)

  it('is refused to a peer that asks too much, until it has waited, and to that one alone', async () => {
    for (let count = 0; count < 32; count++) await fetch(bob.did)
    const error: unknown = await fetch(bob.did).catch((cause: unknown) => cause)
    expect(error).to.include({ name: 'CardUnavailableError', reason: 'busy' })
    const other = await world.join(bob.keys.seed)
    expect((await fetchCard({ network: other, clock }, target, bob.did)).list.person).to.equal(bob.did)
    await clock.advance(2000)
    expect((await fetch(bob.did)).list.person).to.equal(bob.did)
  })

  it('ends when whoever is asked says nothing, is not there, or is not wanted any more', async () => {
    await unserve()
    expect(await errorName(fetch(bob.did))).to.equal('UnsupportedProtocolError')
    await proxy.handle(CARD_PROTOCOL, async stream => { await new Promise(resolve => { stream.signal.addEventListener('abort', resolve) }) })
    const waiting = errorName(fetch(bob.did))
    await clock.advance(10_000)
    expect(await waiting).to.equal('TimeoutError')
    const stopping = new AbortController()
    const stopped = errorName(fetch(bob.did, { signal: stopping.signal }))
    stopping.abort(new DOMException('enough', 'AbortError'))
    expect(await stopped).to.equal('AbortError')
  })

  it('takes a stream that is closed without an answer for a broken rule', async () => {
    await unserve()
    await proxy.handle(CARD_PROTOCOL, async stream => { await stream.receive() })
    expect(await errorName(fetch(bob.did))).to.equal('ProtocolViolationError')
  })

  it('is logged and aborted when a request is none', async () => {
    for (const frame of [new Uint8Array(0), Uint8Array.of(1), dagCbor.encode({ v: 2, want: new Uint8Array(32) }), dagCbor.encode({ v: 1, want: new Uint8Array(31) })]) {
      const stream = await asker.open(target, CARD_PROTOCOL)
      await stream.send(frame)
      expect(await errorName(stream.receive())).to.equal('StreamClosedError')
    }
    expect(warnings).to.deep.equal(new Array(4).fill('a request for a card was refused'))
  })
})

describe('the frames of the card exchange', () => {
  it('are still written as they were', () => {
    expect(cardVectors()).to.deep.equal(frozen)
  })

  it('mean the same to a generic reader', () => {
    for (const { hex } of frozen.requests) expect(cardRequestCodec.decode(fromString(hex, 'hex'))).to.deep.equal(dagCbor.decode(fromString(hex, 'hex')))
    for (const { hex } of frozen.answers) expect(cardAnswerCodec.decode(fromString(hex, 'hex'))).to.deep.equal(dagCbor.decode(fromString(hex, 'hex')))
  })

  it('are refused by name, or still well formed, whatever is altered: 10,000 times', () => {
    const random = createSeededRandom(11)
    for (const [codec, vectors] of [[cardRequestCodec, frozen.requests], [cardAnswerCodec, frozen.answers]] as const) {
      for (let count = 0; count < 5000; count++) {
        const bytes = fromString(vectors[count % vectors.length]?.hex ?? '', 'hex')
        const altered = mutate(bytes, random)
        try {
          // What is still a frame differs only in bytes that the frame carries unread.
          expect(toString(dagCbor.encode(codec.decode(altered)), 'hex')).to.equal(toString(altered, 'hex'))
        } catch (error) {
          expect((error as Error).name).to.be.oneOf(['InvalidBytesError', 'OversizedBytesError'])
        }
      }
    }
  })
})
