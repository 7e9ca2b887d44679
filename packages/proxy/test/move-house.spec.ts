import { expect } from 'chai'
import { createSystemClock, silentLogger, type CID } from '@parley/core'
import { contactUrl } from '@parley/identity'
import { copyVoice, decodeCaptureRecord, decodeManifest, readVoice, type CaptureRecord } from '@parley/voice'
import { devicesWith, type MoveProgress, type Parley } from 'parley'
import { bytesOf, packets } from './constellation.ts'
import { createHouse, createMover, type House, type Mover, type Running } from './move-cast.ts'

const clock = createSystemClock()

describe('somebody moves to another proxy', function () {
  this.timeout(120_000)
  let alice: Mover
  let bob: Mover
  let old: House
  let next: House
  let hers: House

  /** Alice speaks to Bob twice; Bob's device has the first, and the second is at his proxy alone. Bob answers the first. */
  beforeEach(async () => {
    [alice, bob, old, next, hers] = await Promise.all([createMover('Alice'), createMover('Bob'), createHouse('old'), createHouse('next'), createHouse('hers')])
    await bob.parley.addProxy(await old.proxy.claim())
    await alice.parley.addProxy(await hers.proxy.claim())
    await alice.parley.addContact(contactUrl(await old.proxy.card(bob.did)))
    await bob.parley.addContact(contactUrl(await hers.proxy.card(alice.did)))
    await say(alice.parley, 'Bob', 70, 1)
    await bob.parley.sync()
    expect((await (await bob.parley.reply(1, packets(60, 2))).ended).status).to.equal('stored')
    await say(alice.parley, 'Bob', 40, 3)
  })

  afterEach(async () => {
    await Promise.all([alice.stop(), bob.stop()])
    await Promise.all([old.stop(), next.stop(), hers.stop()])
  })

  it('leaves what they said themselves with their own proxy too', async () => {
    const voices = await voicesAt(old)
    expect(voices).to.have.length(3)
    expect(voices.every(({ state }) => state === 'complete')).to.equal(true)
  })

  it('finds everything at the new one, and contacts find them there', async () => {
    const steps: string[] = []
    const moved = await bob.parley.moveProxy('old', await next.proxy.claim(), { onProgress: ({ step }) => { if (steps.at(-1) !== step) steps.push(step) } })
    expect(moved).to.deep.include({ messages: 3, unfound: [], untold: [], oldKnows: true })
    expect(steps.slice(0, 3)).to.deep.equal(['adding', 'conversations', 'messages'])
    expect(steps.slice(-3)).to.deep.equal(['settings', 'removing', 'telling'])
    expect(old.proxy.served()).to.deep.equal([])
    await old.stop()
    await alice.parley.sync()
    await say(alice.parley, 'Bob', 30, 4)
    expect(await voicesAt(next)).to.have.length(4)
  })

  it('loses nothing when the device dies between any two steps, and the same command goes on', async () => {
    const claim = await next.proxy.claim()
    let deaths = 0
    for (let events = 1; ; events++) {
      if (await dyingAfter(events, claim)) break
      deaths++
      const list = await bob.parley.deviceList()
      const isListed = list.devices.some(({ name, revoked }) => name === 'old' && revoked === undefined)
      // Whoever is to lose its rights has lost them only when the other has everything.
      if (!isListed) expect(await voicesAt(next)).to.have.length(3)
      await bob.restart()
    }
    expect(deaths).to.be.greaterThan(6)
    expect(old.proxy.served()).to.deep.equal([])
    await old.stop()
    await hasEverything()
  })

  it('keeps the old one while it cannot be asked, unless it is said to be gone', async () => {
    await bob.parley.sync()
    await old.stop()
    const claim = await next.proxy.claim()
    const failure = await bob.parley.moveProxy('old', claim).then(() => undefined, (error: unknown) => error as Error)
    expect(failure?.name).to.equal('NotMovedError')
    expect((await bob.parley.deviceList()).devices.filter(({ revoked }) => revoked !== undefined)).to.deep.equal([])
    const moved = await bob.parley.moveProxy('old', claim, { lost: true })
    expect(moved).to.deep.include({ messages: 3, unfound: [], oldKnows: false })
    await hasEverything()
  })

  it('finds what nobody of their own has at whoever spoke it', async () => {
    await bob.parley.sync()
    await old.stop()
    await forget(bob, alice.did)
    const moved = await bob.parley.moveProxy('old', await next.proxy.claim(), { lost: true })
    expect(moved).to.deep.include({ messages: 3, unfound: [] })
    await hasEverything()
  })

  it('says what is not to be found when the old one is gone for good', async () => {
    await bob.parley.sync()
    const forgotten = await forget(bob, alice.did)
    await Promise.all([old.stop(), hers.stop()])
    const moved = await bob.parley.moveProxy('old', await next.proxy.claim(), { lost: true })
    expect(moved.unfound.map(({ message }) => message)).to.deep.equal([forgotten])
    expect(moved.untold).to.deep.equal([alice.did])
    expect(await voicesAt(next)).to.have.length(2)
  })

  it('has its proxy take copies from its own devices alone, and only of what the log announces', async () => {
    const store = alice.store
    const { conversation, message } = (await bob.parley.inbox())[0] ?? expect.fail('nothing came')
    const said = await announcement(alice.parley, conversation, message)
    const [keeper] = await devicesWith(alice.parley.people, bob.did, 'proxy', clock.now())
    if (keeper === undefined) return expect.fail('nobody keeps anything')
    const bring = async ({ network }: Mover, action = said.action): Promise<unknown> => await copyVoice({ network, store, clock }, { ...said, action, voice: said.voice, cutOff: false, manifest: said.manifest }, keeper).catch((error: unknown) => error)
    await old.store.commit([{ type: 'delete', key: `/voice/capture/${Buffer.from(said.voice).toString('hex')}` }])
    expect(await bring(alice)).to.include({ name: 'VoiceRefusedError', reason: 'not-allowed' })
    const { cid: notSaid } = await (await bob.parley.conversations.open(conversation)).append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'Hm' })
    await bob.parley.sync()
    expect(await bring(bob, notSaid)).to.include({ name: 'VoiceRefusedError', reason: 'not-allowed' })
    expect(await bring(bob)).to.include({ state: 'complete' })
  })

  /** Moves, and dies at the given event; true when there were fewer. */
  async function dyingAfter (events: number, claim: string): Promise<boolean> {
    const death = new AbortController()
    let left = events
    const seen = new Set<string>()
    const onProgress = ({ step, done }: MoveProgress): void => {
      // Each step and each message once; rounds repeat them.
      if (seen.size < seen.add(`${step} ${done}`).size && --left === 0) death.abort(new DOMException('killed', 'AbortError'))
    }
    return await bob.parley.moveProxy('old', claim, { signal: death.signal, onProgress }).then(() => true, (error: unknown) => {
      if (!death.signal.aborted) throw error
      return false
    })
  }

  /** A device that has nothing but the phrase and the new proxy hears all that was said, whoever said it. */
  async function hasEverything (): Promise<void> {
    await hers.stop()
    const fresh = await bob.restore(await next.proxy.card(bob.did))
    const { reached } = await fresh.parley.sync()
    expect(reached).to.include('next')
    const inbox = await fresh.parley.inbox()
    expect(inbox.map(({ fromName, state }) => `${fromName} ${state}`)).to.deep.equal(['Alice complete', 'Alice complete'])
    expect(await heard(fresh.parley, 1)).to.deep.equal(await bytesOf(packets(70, 1)))
    expect(await heard(fresh.parley, 2)).to.deep.equal(await bytesOf(packets(40, 3)))
    expect(await heardOwn(fresh, bob.did)).to.deep.equal(await bytesOf(packets(60, 2)))
    await fresh.stop()
  }
})

async function say (who: Parley, to: string, count: number, seed: number): Promise<void> {
  expect((await (await who.call(to, packets(count, seed), { listenFirstMs: 6000 })).ended).status).to.equal('stored')
}

async function heard (parley: Parley, n: number): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const { packets } of parley.listen(n)) for (const { data } of packets) all.push(data)
  return all
}

/** Hears what the person of a device said themselves, from their proxies. */
async function heardOwn ({ parley, network, store }: Running, person: string): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  const from = await devicesWith(parley.people, person, 'proxy', clock.now())
  for await (const id of parley.conversations.ids()) {
    for (const { author, device, voice } of (await (await parley.conversations.open(id)).state()).messages) {
      if (voice?.manifest === undefined || voice.manifest === null || author !== person) continue
      for await (const { packets } of readVoice({ network, store, clock, logger: silentLogger }, { ...voice, manifest: voice.manifest, speaker: device, from })) for (const { data } of packets) all.push(data)
    }
  }
  return all
}

async function voicesAt ({ store }: House): Promise<CaptureRecord[]> {
  const records: CaptureRecord[] = []
  for await (const { value } of store.entries('/voice/capture/')) records.push(decodeCaptureRecord(value))
  return records
}

/** Takes the newest message of somebody off a device's disk; returns its id. */
async function forget ({ parley, store }: Mover, author: string): Promise<string> {
  const messages = []
  for await (const id of parley.conversations.ids()) messages.push(...(await (await parley.conversations.open(id)).state()).messages)
  const last = messages.filter(message => message.author === author && message.voice !== undefined).at(-1)
  const manifest = last?.voice?.manifest
  if (last === undefined || manifest === undefined || manifest === null) return expect.fail('there is no message')
  const { segments } = decodeManifest(await store.getBlock(manifest) ?? new Uint8Array())
  for (const cid of [manifest, ...segments]) await store.blockstore.delete(cid)
  return last.id
}

/** What a keeper is told of a message: the action that announced it, and what it announced. */
async function announcement (parley: Parley, conversation: CID, id: string): Promise<{ conversation: CID, action: CID, voice: Uint8Array, speaker: string, manifest: CID }> {
  const opened = await parley.conversations.open(conversation)
  const message = (await opened.state()).messages.find(candidate => candidate.id === id)
  for await (const { cid, content } of opened.actions()) {
    if (content?.verb !== 'add' || content.thing !== 'message' || Buffer.from(content.message).toString('hex') !== id) continue
    if (message?.voice?.manifest === undefined || message.voice.manifest === null) break
    return { conversation, action: cid, voice: message.voice.voice, speaker: message.device, manifest: message.voice.manifest }
  }
  return expect.fail('the message is not announced')
}
