import * as dagCbor from '@ipld/dag-cbor'
import {
  answerFor, createProfileBlock, createProfileBundle, publicKeyFromDid,
  type EntitledDevice, type ProfileBundle, type ProfileFields, type ProfileVersion, type Tier
} from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { concat, fromString, toString } from 'uint8arrays'
import { MAX_PROFILE_FRAME_BYTES, PROFILE_PROTOCOL, profileFrameCodec, type ProfileFrame, type Profiles } from '../../src/index.ts'
import { buildFrames } from './frame-vectors.ts'
import { createWorld, given, nameOfError, profilesOf, proxyOf, until, type Node, type Somebody, type World } from './world.ts'

let world: World
let bob: Somebody
let eve: Somebody
let carol: Somebody

async function begin (): Promise<void> {
  world = createWorld()
  bob = await world.somebody('Bob', { phone: ['endpoint'], proxy: ['proxy'] })
  ;[eve, carol] = [await world.somebody('Eve', { phone: ['endpoint'] }), await world.somebody('Carol', { phone: ['endpoint'] })]
}

async function bundleOf (of: Somebody, { by = of.node('phone'), version = { wallMs: world.clock.now(), counter: 0 }, fields = {}, entitled = [], person = of.did }: { by?: Node, version?: ProfileVersion, fields?: Partial<Record<Tier, ProfileFields>>, entitled?: EntitledDevice[], person?: string } = {}): Promise<ProfileBundle> {
  const block = async (tier: Tier) => await createProfileBlock(by.keys.signer, { person, tier, version, issued: world.clock.now(), fields: fields[tier] ?? {} })
  const blocks = { public: await block('public'), correspondents: await block('correspondents'), contacts: await block('contacts') }
  return await createProfileBundle({ signer: by.keys.signer, random: by.random }, { person, version, blocks, entitled })
}

describe('a server that does not tell the truth', () => {
  let reader: Profiles
  let answer: () => ProfileFrame
  let carolDevice: EntitledDevice

  beforeEach(async () => {
    await begin()
    const node = carol.node('phone')
    await node.people.learnCard((await bob.card(['proxy'])).bytes)
    carolDevice = { device: node.keys.did, sealing: node.keys.sealing.publicKey, tier: 'contacts' }
    reader = await profilesOf(carol, 'phone')
    world.networks.cut(node.network.peerId, bob.node('phone').network.peerId)
    await bob.node('proxy').network.handle(PROFILE_PROTOCOL, async stream => {
      await stream.receive()
      await stream.send(profileFrameCodec.encode(answer()))
    }, { maxFrameBytes: MAX_PROFILE_FRAME_BYTES })
  })

  afterEach(async () => {
    await reader.stop()
    await world.networks.stop()
  })

  const truth = (bundle: ProfileBundle, more: Partial<Extract<ProfileFrame, { type: 'answer' }>> = {}): ProfileFrame => {
    const { public: open, copy, sealed } = answerFor(bundle, carolDevice.device)
    return { v: 1, type: 'answer', card: null, public: open, copy, sealed, ...more } as ProfileFrame
  }
  const reason = async (): Promise<string> => {
    try {
      await reader.of(bob.did, { refresh: 'always' })
      return 'no error'
    } catch (error) {
      return ((error as Error).cause as Error).name
    }
  }

  it('is refused by name, and nothing is stored: another’s profile, another’s device, the future, a mixture', async () => {
    const good = await bundleOf(bob, { fields: { public: { commonName: 'Bob' }, contacts: { fullName: 'Robert' } }, entitled: [carolDevice] })
    const ofEve = await bundleOf(eve, { fields: { public: { commonName: 'Eve' } }, entitled: [carolDevice] })
    const byEve = await bundleOf(bob, { by: eve.node('phone'), entitled: [carolDevice] })
    const byProxy = await bundleOf(bob, { by: bob.node('proxy'), entitled: [carolDevice] })
    const later = await bundleOf(bob, { version: { wallMs: world.clock.now() + 120_000, counter: 0 } })
    const swapped = good.sealed.map(({ tier, version }, index) => ({ tier, version, content: given(good.sealed[1 - index]).content }))
    const lies: Array<[ProfileFrame, string]> = [
      [truth(ofEve), 'UndecryptableError'],
      [truth(ofEve, { copy: null, sealed: [] }), 'InvalidBytesError'],
      [truth(byEve), 'InvalidSignatureError'],
      [truth(byProxy), 'InvalidSignatureError'],
      [truth(later), 'InvalidBytesError'],
      [truth(good, { public: ofEve.public.bytes.slice() }), 'InvalidBytesError'],
      [truth(good, { sealed: swapped }), 'UndecryptableError'],
      [truth(good, { public: null }), 'ProtocolViolationError'],
      [{ v: 1, type: 'kept', cid: good.cid }, 'ProtocolViolationError'],
      [{ v: 1, type: 'refuse', error: 'NoLuckError', message: 'a\u0007b' }, 'ProfileRefusedError']
    ]
    for (const [lie, name] of lies) {
      answer = () => lie
      expect(await reason(), JSON.stringify(lie).slice(0, 80)).to.equal(name)
      expect(await reader.of(bob.did, { refresh: 'never' })).to.equal(undefined)
    }
    answer = () => truth(good)
    expect((await reader.of(bob.did))?.fields).to.deep.equal({ commonName: 'Bob', fullName: 'Robert' })
  })

  it('cannot go back to an older profile: the newer copy stays', async () => {
    const older = await bundleOf(bob, { fields: { public: { commonName: 'Old' } }, entitled: [carolDevice] })
    await world.clock.advance(10)
    const newer = await bundleOf(bob, { fields: { public: { commonName: 'New' } }, entitled: [carolDevice] })
    answer = () => truth(newer)
    await reader.of(bob.did)
    answer = () => truth(older)
    await world.clock.advance(25 * 60 * 60 * 1000)
    expect(await reader.of(bob.did)).to.deep.include({ isStale: true, fields: { commonName: 'New' } })
    answer = () => truth(newer, { public: older.public.bytes.slice() })
    expect(await reader.of(bob.did)).to.deep.include({ isStale: true, fields: { commonName: 'New' } })
  })

  it('is passed over when another tells the truth', async () => {
    const good = await bundleOf(bob, { fields: { public: { commonName: 'Bob' } } })
    answer = () => ({ v: 1, type: 'refuse', error: 'NoLuckError', message: 'no' })
    world.networks.heal(carol.node('phone').network.peerId, bob.node('phone').network.peerId)
    await carol.node('phone').network.connect(bob.node('phone').route)
    const phone = await profilesOf(bob, 'phone')
    await phone.learn(good.bytes)
    expect((await reader.of(bob.did))?.fields).to.deep.equal({ commonName: 'Bob' })
    await phone.stop()
  })
})

describe('a peer that hands a proxy a profile', () => {
  beforeEach(begin)
  afterEach(async () => { await world.networks.stop() })

  const put = async (node: Node, bundle: ProfileBundle | null, card: Uint8Array | null = null): Promise<ProfileFrame> => {
    const stream = await node.network.open(bob.node('proxy').route, PROFILE_PROTOCOL, { maxFrameBytes: MAX_PROFILE_FRAME_BYTES })
    await stream.send(profileFrameCodec.encode({ v: 1, type: 'put', person: publicKeyFromDid(bob.did), card: card?.slice() ?? null, bundle: bundle?.bytes.slice() ?? null }))
    const bytes = await stream.receive()
    await stream.close()
    return profileFrameCodec.decode(bytes ?? new Uint8Array(0))
  }

  it('has to be an endpoint device of a person served, and the profile theirs', async () => {
    const server = await proxyOf(bob)
    const phone = bob.node('phone')
    const good = await bundleOf(bob)
    expect(await put(eve.node('phone'), good)).to.include({ type: 'refuse', error: 'NotAllowedError' })
    expect(await put(eve.node('phone'), good, (await eve.card()).bytes)).to.include({ type: 'refuse', error: 'NotAllowedError' })
    expect(await put(phone, await bundleOf(eve))).to.include({ error: 'InvalidBytesError' })
    expect(await put(phone, await bundleOf(bob, { by: eve.node('phone') }))).to.include({ error: 'InvalidSignatureError' })
    expect(await put(phone, await bundleOf(bob, { version: { wallMs: world.clock.now() + 120_000, counter: 0 } }))).to.include({ error: 'InvalidBytesError' })
    expect(server.bundles.get(bob.did)).to.equal(undefined)
    expect(await put(phone, null)).to.deep.equal({ v: 1, type: 'kept', cid: null })
    expect(await put(phone, good)).to.include({ type: 'kept' })
    const older = await bundleOf(bob, { version: { wallMs: 5, counter: 0 } })
    expect((await put(phone, older) as { bundle: Uint8Array }).bundle).to.deep.equal(good.bytes)
    await server.stop()
    const again = await proxyOf(bob)
    expect(again.bundles.get(bob.did)?.cid.equals(good.cid)).to.equal(true)
    await again.stop()
  })

  it('and says something that is no request, or stays silent, is refused and harms nobody', async () => {
    const server = await proxyOf(bob)
    const ask = async (bytes: Uint8Array): Promise<ProfileFrame> => {
      const stream = await eve.node('phone').network.open(bob.node('proxy').route, PROFILE_PROTOCOL, { maxFrameBytes: MAX_PROFILE_FRAME_BYTES })
      await stream.send(bytes)
      const answer = await stream.receive()
      await stream.close()
      return profileFrameCodec.decode(answer ?? new Uint8Array(0))
    }
    expect(await ask(Uint8Array.of(1, 2, 3))).to.include({ type: 'refuse', error: 'InvalidBytesError' })
    expect(await ask(profileFrameCodec.encode({ v: 1, type: 'kept', cid: null }))).to.include({ type: 'refuse', error: 'ProtocolViolationError' })
    expect(await ask(profileFrameCodec.encode({ v: 1, type: 'ask', person: publicKeyFromDid(eve.did), have: [] }))).to.include({ type: 'refuse', error: 'UnknownProfileError' })
    const stream = await eve.node('phone').network.open(bob.node('proxy').route, PROFILE_PROTOCOL, { maxFrameBytes: MAX_PROFILE_FRAME_BYTES })
    const silent = stream.receive()
    let isOver = false
    void silent.finally(() => { isOver = true })
    await world.clock.advance(10_000)
    await until(() => isOver)
    expect(profileFrameCodec.decode(await silent ?? new Uint8Array(0))).to.include({ type: 'refuse', error: 'TimeoutError' })
    await server.stop()
  })
})

describe('frames of a profile exchange', () => {
  const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/profile-frames.json', import.meta.url), 'utf8')) as Record<string, string>

  it('are what was frozen, and read alike by a generic reader', () => {
    expect(Object.keys(buildFrames())).to.deep.equal(Object.keys(frozen))
    for (const [name, frame] of Object.entries(buildFrames())) {
      expect(toString(profileFrameCodec.encode(frame), 'hex')).to.equal(frozen[name])
      const bytes = fromString(frozen[name] ?? '', 'hex')
      expect(dagCbor.decode<object>(bytes)).to.deep.equal(profileFrameCodec.decode(bytes))
    }
  })

  it('are refused by name after any of 10,000 mutations, or mean something else', async function () {
    this.timeout(60_000)
    const all = Object.values(frozen).map(text => fromString(text, 'hex'))
    await fc.assert(fc.asyncProperty(fc.constantFrom(...all), fc.constantFrom('alter', 'cut', 'insert'), fc.nat(), fc.integer({ min: 1, max: 255 }), async (bytes, kind, nat, by) => {
      const at = nat % bytes.byteLength
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
      const mutated = kind === 'cut' ? head : kind === 'insert' ? concat([head, Uint8Array.of(by), tail]) : bytes.map((byte, index) => index === at ? byte ^ by : byte)
      expect(await nameOfError(() => profileFrameCodec.decode(mutated))).to.be.oneOf(['InvalidBytesError', 'no error'])
    }), { numRuns: 10_000, seed: 7 })
  })

  it('have their limits', async () => {
    expect(await nameOfError(() => profileFrameCodec.decode(new Uint8Array(MAX_PROFILE_FRAME_BYTES + 1)))).to.equal('OversizedBytesError')
  })
})
