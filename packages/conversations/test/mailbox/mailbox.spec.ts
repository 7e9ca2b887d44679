import { expect } from 'chai'
import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, silentLogger, type Store, type VirtualClock } from '@parley/core'
import { createPeople, type People } from '@parley/identity'
import { createMemoryStore, type Network, type PeerTarget } from '@parley/network'
import { createMailbox, followMailbox, MAILBOX_PROTOCOL, type FollowOptions, type Mailbox, type MailboxInit, type MailboxItem } from '../../src/mailbox/index.ts'
import { mailboxFrameCodec } from '../../src/mailbox/frames.ts'
import { createWorld, nameOfRejection, type Somebody, type World } from '../log/world.ts'

interface Device { who: Somebody, network: Network, store: Store }

describe('a mailbox', () => {
  let world: World
  let clock: VirtualClock
  let networks: MemoryNetworks
  let bob: Somebody
  let proxy: Somebody
  let people: People
  let store: Store
  let network: Network
  let mailbox: Mailbox
  let phone: Device
  let target: PeerTarget

  const start = async (init: Partial<MailboxInit> = {}): Promise<void> => {
    mailbox = await createMailbox({ network, store, people, clock, random: createSeededRandom(3), logger: silentLogger }, { serves: () => [bob.did], ...init })
  }
  const device = async (who: Somebody): Promise<Device> => ({ who, network: await networks.join(who.device.seed), store: createMemoryStore() })
  const introduce = async (): Promise<void> => { await world.introduce({ people } as never) }
  const put = async (text: string): Promise<void> => {
    await store.commit(await mailbox.put(bob.did, { kind: 'message', payload: new TextEncoder().encode(text) }), { durable: true })
    await mailbox.announce(bob.did)
  }
  const textOf = (item: MailboxItem): string => new TextDecoder().decode(item.payload)
  /** Fetches what is there and returns it. */
  const fetch = async (by: Device, options: Partial<FollowOptions> = {}): Promise<string[]> => {
    const texts: string[] = []
    await followMailbox({ network: by.network, store: by.store, clock, logger: silentLogger }, target, { live: false, onItem: async item => { texts.push(textOf(item)) }, ...options })
    return texts
  }
  const heldOnce = async (count: number): Promise<void> => {
    // What the device acknowledged last is written after it has gone.
    for (let turn = 0; turn < 50 && (await mailbox.held(bob.did)).items !== count; turn++) await new Promise(resolve => { setImmediate(resolve) })
    expect((await mailbox.held(bob.did)).items).to.equal(count)
  }

  beforeEach(async () => {
    world = createWorld()
    clock = world.clock
    networks = createMemoryNetworks()
    bob = await world.somebody('Bob')
    proxy = await world.device(bob, ['proxy'])
    store = createMemoryStore()
    people = createPeople({ store, logger: silentLogger })
    await introduce()
    network = await networks.join(proxy.device.seed)
    target = { peer: network.peerId, addresses: network.addresses() }
    phone = await device(bob)
    await start()
  })
  afterEach(async () => {
    await mailbox.stop()
    await networks.stop()
  })

  it('gives a device what was put while it was away, in order, once', async () => {
    for (const text of ['one', 'two', 'three']) await put(text)
    expect(await fetch(phone)).to.deep.equal(['one', 'two', 'three'])
    expect(await fetch(phone)).to.deep.equal([])
  })

  it('drops what the only device has acknowledged', async () => {
    await put('one')
    expect((await mailbox.held(bob.did)).items).to.equal(1)
    await fetch(phone)
    await heldOnce(0)
  })

  it('gives a device that stays what is put, at once', async () => {
    const over = new AbortController()
    const current = Promise.withResolvers<void>()
    const came = Promise.withResolvers<string>()
    const following = followMailbox({ network: phone.network, store: phone.store, clock, logger: silentLogger }, target, {
      signal: over.signal, onCurrent: current.resolve, onItem: async item => { came.resolve(textOf(item)) }
    })
    await current.promise
    await put('now')
    expect(await came.promise).to.equal('now')
    over.abort()
    expect(await following).to.deep.include({ received: 1 })
  })

  it('finds what was committed without a word within a moment', async () => {
    const over = new AbortController()
    const current = Promise.withResolvers<void>()
    const came = Promise.withResolvers<string>()
    const following = followMailbox({ network: phone.network, store: phone.store, clock, logger: silentLogger }, target, {
      signal: over.signal, onCurrent: current.resolve, onItem: async item => { came.resolve(textOf(item)) }
    })
    await current.promise
    await store.commit(await mailbox.put(bob.did, { kind: 'message', payload: new TextEncoder().encode('quiet') }))
    await clock.advance(25)
    expect(await came.promise).to.equal('quiet')
    over.abort()
    await following
  })

  it('shows nothing of an item whose commit failed', async () => {
    await mailbox.put(bob.did, { kind: 'message', payload: new Uint8Array([1]) })
    await put('after')
    await clock.advance(31_000)
    expect(await fetch(phone)).to.deep.equal(['after'])
  })

  it('hands on nothing that was put later while an earlier item may still be committed', async () => {
    const first = await mailbox.put(bob.did, { kind: 'message', payload: new TextEncoder().encode('first') })
    await put('second')
    expect(await fetch(phone)).to.deep.equal([])
    await store.commit(first)
    expect(await fetch(phone)).to.deep.equal(['first', 'second'])
  })

  it('hands on an item that was committed very late, after what devices have', async () => {
    const first = await mailbox.put(bob.did, { kind: 'message', payload: new TextEncoder().encode('late') })
    await put('second')
    await clock.advance(31_000)
    expect(await fetch(phone)).to.deep.equal(['second'])
    await store.commit(first)
    await mailbox.announce(bob.did)
    expect(await fetch(phone)).to.deep.equal(['late'])
  })

  it('begins again with an item that a device could not take', async () => {
    for (const text of ['one', 'two', 'three']) await put(text)
    const seen: string[] = []
    const failing = followMailbox({ network: phone.network, store: phone.store, clock, logger: silentLogger }, target, {
      onItem: async item => {
        if (textOf(item) === 'two') throw new RangeError('the disk is full')
        seen.push(textOf(item))
      }
    })
    expect(await nameOfRejection(failing)).to.equal('RangeError')
    expect(seen).to.deep.equal(['one'])
    expect(await fetch(phone)).to.deep.equal(['two', 'three'])
  })

  it('drops what a device does not want, and says why', async () => {
    const reasons: string[] = []
    mailbox.on('acknowledged', ({ reason }) => { reasons.push(reason) })
    await put('advertisement')
    await fetch(phone, { onItem: async () => 'refused' })
    await heldOnce(0)
    expect(reasons).to.deep.equal(['refused'])
  })

  it('begins anew for a device whose cursor is of another life of the mailbox', async () => {
    await put('one')
    await fetch(phone)
    await mailbox.stop()
    store = createMemoryStore()
    people = createPeople({ store, logger: silentLogger })
    await introduce()
    mailbox = await createMailbox({ network, store, people, clock, random: createSeededRandom(4), logger: silentLogger }, { serves: () => [bob.did] })
    await put('after the disk was replaced')
    expect(await fetch(phone)).to.deep.equal(['after the disk was replaced'])
  })

  it('keeps items, numbers and cursors over a restart', async () => {
    for (const text of ['one', 'two']) await put(text)
    await fetch(phone)
    await heldOnce(0)
    await put('three')
    await mailbox.stop()
    await start()
    expect((await mailbox.held(bob.did)).items).to.equal(1)
    await put('four')
    expect(await fetch(phone)).to.deep.equal(['three', 'four'])
  })

  describe('with two devices', () => {
    let tablet: Device
    beforeEach(async () => {
      tablet = await device(await world.device(bob))
      await introduce()
    })

    it('holds an item until both have it', async () => {
      await put('one')
      expect(await fetch(phone)).to.deep.equal(['one'])
      await heldOnce(1)
      expect(await fetch(tablet)).to.deep.equal(['one'])
      await heldOnce(0)
    })

    it('no longer waits for a device that was revoked, and gives it nothing', async () => {
      await put('one')
      await fetch(phone)
      await heldOnce(1)
      await clock.advance(1000)
      await world.revoke(tablet.who)
      await introduce()
      expect(await nameOfRejection(fetch(tablet))).to.equal('NotAllowedError')
      await mailbox.sweep()
      await heldOnce(0)
    })

    it('drops what is not fetched when its retention ends', async () => {
      await mailbox.stop()
      await start({ retentionMs: 5 * 3_600_000 })
      await put('old')
      await clock.advance(4 * 3_600_000)
      await put('new')
      await clock.advance(2 * 3_600_000)
      expect((await mailbox.held(bob.did)).items).to.equal(1)
      expect(await fetch(phone)).to.deep.equal(['new'])
    })
  })

  it('refuses more than it has room for, and drops nothing for it', async () => {
    await mailbox.stop()
    await start({ maxItems: 2 })
    await put('one')
    await put('two')
    expect(await nameOfRejection(put('three'))).to.equal('MailboxFullError')
    expect(await fetch(phone)).to.deep.equal(['one', 'two'])
    await heldOnce(0)
    await put('three')
  })

  it('keeps nothing for people it does not serve', async () => {
    const other = await world.somebody('Carol')
    expect(await nameOfRejection(mailbox.put(other.did, { kind: 'message', payload: new Uint8Array() }))).to.equal('NotAllowedError')
  })

  it('gives nothing to devices of others, nor to a proxy of the person', async () => {
    const eve = await device(await world.somebody('Eve'))
    const second = await device(await world.device(bob, ['proxy']))
    await introduce()
    for (const stranger of [eve, second]) expect(await nameOfRejection(fetch(stranger))).to.equal('NotAllowedError')
  })

  it('tells a device by name that the link broke', async () => {
    const current = Promise.withResolvers<void>()
    const following = followMailbox({ network: phone.network, store: phone.store, clock, logger: silentLogger }, target, { onCurrent: current.resolve, onItem: async () => {} })
    await current.promise
    networks.cut(phone.network.peerId, network.peerId)
    expect(await nameOfRejection(following)).to.equal('MailboxInterruptedError')
  })

  it('refuses by name a device that acknowledges what it was not given', async () => {
    const stream = await phone.network.open(target, MAILBOX_PROTOCOL)
    await stream.send(mailboxFrameCodec.encode({ v: 1, type: 'hello', box: null, after: 0, live: true, card: null }))
    await stream.send(mailboxFrameCodec.encode({ v: 1, type: 'ack', upTo: 7, reason: 'have' }))
    const types: string[] = []
    for await (const bytes of stream) {
      const frame = mailboxFrameCodec.decode(bytes)
      types.push(frame.type === 'refuse' ? frame.error : frame.type)
    }
    expect(types.at(-1)).to.equal('ProtocolViolationError')
  })
})
