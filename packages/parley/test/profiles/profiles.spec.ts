import { extendDeviceList, openSealedTiers, publicKeyFromDid, type Tier } from '@parley/identity'
import { expect } from 'chai'
import { toString } from 'uint8arrays'
import type { Node } from './world.ts'
import { PROFILE_PROTOCOL, profileFrameCodec, type ProfileServer, type ProfileSettings, type Profiles } from '../../src/index.ts'
import { MAX_PROFILE_FRAME_BYTES } from '../../src/profiles/frames.ts'
import { createWorld, given, nameOfError, profilesOf, proxyOf, until, type Somebody, type World } from './world.ts'

const DAY = 24 * 60 * 60 * 1000

const field = <T> (value: T, tier: Tier): { value: T, tier: Tier } => ({ value, tier })
const SETTINGS: ProfileSettings = {
  commonName: field('Bob', 'public'),
  names: field(['did:web:bob.example'], 'public'),
  phone: field('+49 731 123', 'correspondents'),
  fullName: field('Robert Example', 'contacts'),
  status: field({ state: 'out-of-office', message: 'Back on Monday' }, 'contacts')
}

describe('a profile with tiers, kept by a proxy', () => {
  let world: World
  let bob: Somebody
  let carol: Somebody
  let dora: Somebody
  let sam: Somebody
  let proxy: ProfileServer
  let mine: Profiles
  let others: Record<'carol' | 'dora' | 'sam', Profiles>
  let correspondents: string[]
  const opened: Array<{ stop(): Promise<void> }> = []
  const keep = <T extends { stop(): Promise<void> }> (thing: T): T => {
    opened.push(thing)
    return thing
  }

  beforeEach(async () => {
    world = createWorld()
    bob = await world.somebody('Bob', { phone: ['endpoint'], laptop: ['endpoint'], proxy: ['proxy'] })
    ;[carol, dora, sam] = [await world.somebody('Carol', { phone: ['endpoint'] }), await world.somebody('Dora', { phone: ['endpoint'] }), await world.somebody('Sam', { phone: ['endpoint'] })]
    for (const device of Object.values(bob.nodes)) {
      await device.people.learnCard((await bob.card()).bytes)
      for (const other of [carol, dora]) await device.people.learnCard((await other.card()).bytes)
    }
    for (const other of [carol, dora, sam]) await other.node('phone').people.learnCard((await bob.card()).bytes)
    await bob.node('phone').contacts.add({ card: await carol.card() })
    correspondents = [dora.did]
    proxy = keep(await proxyOf(bob))
    mine = keep(await profilesOf(bob, 'phone', () => correspondents))
    others = { carol: keep(await profilesOf(carol, 'phone')), dora: keep(await profilesOf(dora, 'phone')), sam: keep(await profilesOf(sam, 'phone')) }
    await mine.set(SETTINGS)
    await mine.hand(bob.node('proxy').route)
    // The proxy answers for somebody who is away.
    world.networks.cut(bob.node('phone').network.peerId, bob.node('proxy').network.peerId)
    for (const other of [carol, dora, sam]) world.networks.cut(other.node('phone').network.peerId, bob.node('phone').network.peerId)
  })

  afterEach(async () => {
    for (const thing of opened.splice(0)) await thing.stop()
    await world.networks.stop()
  })

  const back = (): void => { world.networks.heal(bob.node('phone').network.peerId, bob.node('proxy').network.peerId) }
  const hand = async (): Promise<void> => {
    back()
    await mine.hand(bob.node('proxy').route)
  }
  /** What a device gets to see on the wire, byte by byte. */
  const wire = async ({ network }: Node): Promise<Uint8Array> => {
    const stream = await network.open(bob.node('proxy').route, PROFILE_PROTOCOL, { maxFrameBytes: MAX_PROFILE_FRAME_BYTES })
    await stream.send(profileFrameCodec.encode({ v: 1, type: 'ask', person: publicKeyFromDid(bob.did), have: [] }))
    const bytes = await stream.receive()
    await stream.close()
    return bytes ?? new Uint8Array(0)
  }

  it('tells a stranger, a correspondent and a contact exactly their part', async () => {
    const { commonName, names, phone, fullName, status } = SETTINGS
    const open = { commonName: commonName?.value, names: names?.value }
    expect((await others.sam.of(bob.did))?.fields).to.deep.equal(open)
    expect((await others.dora.of(bob.did))?.fields).to.deep.equal({ ...open, phone: phone?.value })
    expect((await others.carol.of(bob.did))?.fields).to.deep.equal({ ...open, phone: phone?.value, fullName: fullName?.value, status: status?.value })
    expect(Object.keys((await others.carol.of(bob.did))?.tiers ?? {})).to.deep.equal(['public', 'correspondents', 'contacts'])
    expect(await others.sam.namesOf(bob.did)).to.deep.equal(['did:web:bob.example'])
    expect(await mine.mine()).to.deep.equal(SETTINGS)
  })

  it('sends nobody a sealed byte that is not theirs', async () => {
    const bundle = given(proxy.bundles.get(bob.did))
    const sees = async (node: Node): Promise<boolean[]> => {
      const text = toString(await wire(node), 'hex')
      const copies = [carol, dora].map(({ node }) => given(bundle.copies.get(node('phone').keys.did)).ct)
      return [...bundle.sealed.map(({ content }) => content), ...copies].map(bytes => text.includes(toString(bytes, 'hex')))
    }
    expect(await sees(sam.node('phone'))).to.deep.equal([false, false, false, false])
    expect(await sees(dora.node('phone'))).to.deep.equal([true, false, false, true])
    expect(await sees(carol.node('phone'))).to.deep.equal([true, true, true, false])
    const kept = toString(bundle.bytes, 'latin1')
    expect(['Bob', '+49 731 123', 'Robert', 'Monday'].map(secret => kept.includes(secret))).to.deep.equal([true, false, false, false])
    expect((await wire(sam.node('phone'))).byteLength).to.be.below((await wire(dora.node('phone'))).byteLength)
  })

  it('says nothing new to whoever was removed or blocked, or ceased to be a correspondent', async () => {
    await others.carol.of(bob.did)
    const before = given(proxy.bundles.get(bob.did))
    await bob.node('phone').contacts.block(carol.did)
    await until(() => mine.bundle()?.copies.has(carol.node('phone').keys.did) === false)
    correspondents = [carol.did, dora.did]
    expect(await mine.reseal()).to.equal(false)
    await mine.set({ ...SETTINGS, fullName: field('Robert the Second', 'contacts'), phone: field('+49 731 999', 'correspondents') })
    await hand()
    const after = given(proxy.bundles.get(bob.did))
    expect((await others.carol.of(bob.did, { refresh: 'always' }))?.fields).to.deep.equal({ commonName: 'Bob', names: ['did:web:bob.example'] })
    // The keys she had are of no use for what the proxy keeps now, even if it gave her all of it.
    const copy = given(before.copies.get(carol.node('phone').keys.did))
    expect(await nameOfError(async () => await openSealedTiers(carol.node('phone').keys, bob.did, { copy, sealed: after.sealed }))).to.equal('UndecryptableError')
    expect((await others.dora.of(bob.did, { refresh: 'always' }))?.fields.phone).to.equal('+49 731 999')
    correspondents = []
    // It may have come to it by itself meanwhile.
    await mine.reseal()
    await mine.hand(bob.node('proxy').route)
    expect((await others.dora.of(bob.did, { refresh: 'always' }))?.fields.phone).to.equal(undefined)
  })

  it('says more to whoever became a contact', async () => {
    expect((await others.dora.of(bob.did))?.fields.fullName).to.equal(undefined)
    await bob.node('phone').contacts.add({ card: await dora.card() })
    await until(() => mine.bundle()?.copies.get(dora.node('phone').keys.did)?.tier === 'contacts')
    await hand()
    expect((await others.dora.of(bob.did))?.fields.fullName).to.equal(undefined)
    await world.clock.advance(DAY)
    expect((await others.dora.of(bob.did))?.fields.fullName).to.equal('Robert Example')
  })

  it('is good for its lifetime, then asked for again, and the last good copy stays when nobody answers', async () => {
    const first = await others.carol.of(bob.did)
    expect(first).to.include({ isStale: false, validUntil: world.clock.now() + DAY })
    await mine.set({ ...SETTINGS, fullName: field('Robert the Second', 'contacts') })
    await hand()
    await world.clock.advance(DAY - 1)
    expect((await others.carol.of(bob.did))?.fields.fullName).to.equal('Robert Example')
    world.networks.cut(carol.node('phone').network.peerId, bob.node('proxy').network.peerId)
    await world.clock.advance(1)
    expect(await others.carol.of(bob.did)).to.deep.include({ isStale: true, fields: first?.fields })
    expect(await others.carol.of(bob.did, { refresh: 'never' })).to.include({ isStale: true })
    world.networks.heal(carol.node('phone').network.peerId, bob.node('proxy').network.peerId)
    const renewed = await others.carol.of(bob.did)
    expect([renewed?.isStale, renewed?.fields.fullName]).to.deep.equal([false, 'Robert the Second'])
    const restarted = keep(await profilesOf(carol, 'phone'))
    expect(await restarted.of(bob.did, { refresh: 'never' })).to.deep.equal(renewed)
    await restarted.forget(bob.did)
    expect(await restarted.of(bob.did, { refresh: 'never' })).to.equal(undefined)
  })

  it('leaves no copy of a contact who is deleted', async () => {
    const { contacts, store } = carol.node('phone')
    await contacts.add({ card: await bob.card() })
    await others.carol.of(bob.did)
    expect(await store.get(`/profiles/of/${bob.did}`)).to.not.equal(undefined)
    await contacts.delete(bob.did)
    await others.carol.stop()
    expect(await store.get(`/profiles/of/${bob.did}`)).to.equal(undefined)
  })

  it('sends a tier only once to whoever has it', async () => {
    await others.carol.of(bob.did)
    let told = 0
    others.carol.on('changed', () => { told++ })
    await mine.set({ ...SETTINGS, commonName: field('Bobby', 'public') })
    await hand()
    expect((await others.carol.of(bob.did, { refresh: 'always' }))?.fields).to.include({ commonName: 'Bobby', fullName: 'Robert Example' })
    expect((await others.carol.of(bob.did, { refresh: 'always' }))?.fields).to.include({ commonName: 'Bobby', fullName: 'Robert Example' })
    expect(told).to.equal(1)
  })

  it('is not asked for from people who are blocked, and unknown where nobody has one', async () => {
    expect(await others.sam.of(bob.did)).to.not.equal(undefined)
    await sam.node('phone').contacts.block(bob.did)
    await world.clock.advance(2 * DAY)
    expect(await others.sam.of(bob.did)).to.include({ isStale: true })
    expect(await nameOfError(async () => await others.sam.of(carol.did))).to.equal('UnknownPersonError')
    await sam.node('phone').people.learnCard((await carol.card()).bytes)
    expect(await others.sam.of(carol.did)).to.equal(undefined)
    world.networks.cut(sam.node('phone').network.peerId, carol.node('phone').network.peerId)
    expect(await nameOfError(async () => await others.sam.of(carol.did))).to.equal('ProfileUnavailableError')
  })

  it('comes to the person’s other device through the proxy, which says more on top of it', async () => {
    const laptop = keep(await profilesOf(bob, 'laptop', () => correspondents))
    await bob.node('laptop').contacts.add({ card: await carol.card() })
    await laptop.hand(bob.node('proxy').route)
    expect(await laptop.mine()).to.deep.equal(SETTINGS)
    await world.clock.advance(5)
    await laptop.set({ ...SETTINGS, commonName: field('Bobby', 'public') })
    await laptop.hand(bob.node('proxy').route)
    await world.clock.advance(5)
    // The phone did not hear of that and changes another tier.
    await mine.set({ ...SETTINGS, phone: field('+49 731 777', 'correspondents') })
    await hand()
    await laptop.hand(bob.node('proxy').route)
    await mine.hand(bob.node('proxy').route)
    expect([(await laptop.mine()).phone?.value, (await mine.mine()).phone?.value]).to.deep.equal(['+49 731 777', '+49 731 777'])
    expect([(await laptop.mine()).commonName?.value, (await mine.mine()).commonName?.value]).to.deep.equal(['Bobby', 'Bobby'])
  })

  it('is signed anew when the device that signed it was revoked', async () => {
    const laptop = keep(await profilesOf(bob, 'laptop', () => correspondents))
    await bob.node('laptop').contacts.add({ card: await carol.card() })
    await laptop.hand(bob.node('proxy').route)
    await world.clock.advance(10)
    const revoked = await extendDeviceList(bob.signer, bob.list, { revoke: [bob.node('phone').keys.did] }, { at: world.clock.now() })
    for (const { people } of [bob.node('laptop'), bob.node('proxy'), carol.node('phone')]) await people.learnList(revoked.bytes)
    expect(await nameOfError(async () => await others.carol.of(bob.did))).to.equal('ProfileUnavailableError')
    await laptop.hand(bob.node('proxy').route)
    expect((await others.carol.of(bob.did))?.fields.fullName).to.equal('Robert Example')
    expect(proxy.bundles.get(bob.did)?.copies.has(bob.node('phone').keys.did)).to.equal(false)
  })

  it('brings a photo that is what it is said to be, from the proxy alone', async () => {
    const bytes = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 8, 0, 0, 0, 4, 8, 6, 0, 0, 0, ...new Array<number>(40).fill(5)])
    const photo = await mine.addPhoto(bytes, 'contacts')
    await mine.set({ ...SETTINGS, photo: field(photo, 'contacts') })
    await hand()
    await others.carol.of(bob.did, { refresh: 'always' })
    world.networks.cut(bob.node('phone').network.peerId, bob.node('proxy').network.peerId)
    expect(await others.carol.photo(bob.did)).to.deep.equal({ bytes, mediaType: 'image/png' })
    expect(await others.sam.photo(bob.did)).to.equal(undefined)
    expect(await carol.node('phone').store.getBlock(photo.cid)).to.not.equal(undefined)
    await others.carol.forget(bob.did)
    expect(await carol.node('phone').store.getBlock(photo.cid)).to.equal(undefined)
    back()
    await mine.set({ ...SETTINGS, photo: field({ ...photo, width: 9 }, 'contacts') })
    await mine.hand(bob.node('proxy').route)
    expect(await nameOfError(async () => await others.carol.photo(bob.did))).to.equal('InvalidPhotoError')
    expect(await carol.node('phone').store.getBlock(photo.cid)).to.equal(undefined)
  })
})
