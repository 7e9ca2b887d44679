import { StoppedError, createSeededRandom, type Change, type Store } from '@parley/core'
import { createPreKeyBatch, extendDeviceList, publicKeyFromDid, type DeviceKeys, type Did, type PreKeyBatch } from '@parley/identity'
import { expect } from 'chai'
import { toString } from 'uint8arrays'
import { createPreKeyClient, createPreKeyHolder, type PreKeyClient, type PreKeyHolder } from '../../src/index.ts'
import type { FrameOf, PreKeyFrame } from '../../src/pre-keys/frames.ts'
import { createCast, until, type Cast, type Node } from '../policy/cast.ts'
import { createOther, say, takeFrame, type Other } from './people.ts'

const DAY = 24 * 3600 * 1000

describe('pre-keys at a proxy', () => {
  let bob: Cast
  let phone: Node
  let laptop: Node
  let proxy: Node
  let client: PreKeyClient
  let holder: PreKeyHolder
  let alice: Other
  let blocked: Set<Did>
  let supplied: number[]
  const open: Array<{ stop(): Promise<void> }> = []

  const hold = async (node: Node = proxy): Promise<PreKeyHolder> => {
    const made = await createPreKeyHolder(node, { serves: () => [bob.person.did], mayTake: asker => !blocked.has(asker) })
    open.push(made)
    return made
  }
  const clientOf = async (node: Node, seed: number): Promise<PreKeyClient> => {
    const made = await createPreKeyClient({ ...node, random: createSeededRandom(seed) }, { person: bob.person.did })
    open.push(made)
    return made
  }
  const idsIn = async (store: Store): Promise<string[]> => {
    const ids: string[] = []
    for await (const { key } of store.entries('/pre-keys/held/')) if (key.includes('/key/')) ids.push(key.split('/').at(-1) ?? '')
    return ids
  }
  const left = async (node: Node = phone): Promise<number> => await holder.left(bob.person.did, node.keys.did)
  const hello = (): PreKeyFrame => ({ v: 1, type: 'hello', person: publicKeyFromDid(bob.person.did).slice(), card: null })
  const ask = async (from: Other, count = 5, devices = [phone.keys.did]): Promise<PreKeyFrame | undefined> => {
    const card = await from.node.people.card(from.did)
    return await say(from.node, proxy, [{ ...takeFrame(bob.person.did, from.did, devices, count), card: card?.slice() ?? null }])
  }
  const given = (frame: PreKeyFrame | undefined): FrameOf<'given'>['devices'] => frame?.type === 'given' ? frame.devices : expect.fail(`a ${frame?.type ?? 'closed stream'} came`)
  const idsOf = (frame: PreKeyFrame | undefined): string[] => given(frame).flatMap(({ keys }) => keys.map(({ id }) => toString(id, 'hex')))

  beforeEach(async () => {
    blocked = new Set()
    bob = await createCast({ phone: ['endpoint'], laptop: ['endpoint', 'listener'], proxy: ['proxy'], second: ['proxy'] })
    ;[phone, laptop, proxy] = [await bob.node('phone'), await bob.node('laptop'), await bob.node('proxy')]
    alice = await createOther(bob, 2)
    holder = await hold()
    client = await clientOf(phone, 50)
    supplied = []
    client.on('supplied', ({ left: count }) => { supplied.push(count) })
  })

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop()
    await bob.networks.stop()
  })

  describe('of a device of the person', () => {
    it('are there as soon as it is connected, for each of several devices', async () => {
      await phone.network.connect(proxy.route)
      await until(() => supplied.length === 1)
      expect(await left()).to.equal(100)
      const other = await clientOf(laptop, 51)
      await other.supply(proxy.route)
      expect(await left(laptop)).to.equal(100)
      const both = given(await ask(alice, 2, [phone.keys.did, laptop.keys.did]))
      expect(both.map(({ keys }) => keys.length)).to.deep.equal([2, 2])
    })

    it('are topped up when others took them while it is connected', async () => {
      await client.supply(proxy.route)
      const takers = await Promise.all([3, 4].map(async seed => await createOther(bob, seed)))
      for (let turn = 0; turn < 8; turn++) for (const taker of takers) expect(idsOf(await ask(taker))).to.have.length(5)
      await until(() => supplied.length >= 2)
      expect(await left()).to.be.within(90, 100)
    })

    it('are topped up when it comes back', async () => {
      await client.supply(proxy.route)
      await client.stop()
      for (const seed of [3, 4]) {
        const taker = await createOther(bob, seed)
        for (let turn = 0; turn < 8; turn++) await ask(taker)
      }
      expect(await left()).to.equal(20)
      client = await clientOf(phone, 52)
      await client.supply(proxy.route)
      expect(await left()).to.equal(100)
    })

    it('are other ones at each of several proxies', async () => {
      const second = await bob.node('second')
      const other = await hold(second)
      await client.supply(proxy.route)
      await client.supply(second.route)
      expect([await left(), await other.left(bob.person.did, phone.keys.did)]).to.deep.equal([100, 100])
      const ids = new Set(await idsIn(proxy.store))
      expect((await idsIn(second.store)).some(id => ids.has(id))).to.equal(false)
    })

    it('go when the device lost its secrets, since nobody could open what is sealed to them', async () => {
      await client.supply(proxy.route)
      await client.stop()
      const before = new Set(await idsIn(proxy.store))
      const anew = await bob.node('phone')
      await anew.people.learnList(bob.list.bytes)
      client = await clientOf({ ...anew, network: phone.network }, 53)
      await client.supply(proxy.route)
      const after = await idsIn(proxy.store)
      expect(after).to.have.length(100)
      expect(after.some(id => before.has(id))).to.equal(false)
    })

    it('have a last resort that is another one each week, also while the device stays connected', async () => {
      await client.supply(proxy.route)
      const lastResort = async (): Promise<string> => toString(given(await ask(alice, 0))[0]?.lastResort?.id ?? new Uint8Array(), 'hex')
      const first = await lastResort()
      await bob.clock.advance(7 * DAY)
      await until(() => supplied.length >= 2)
      expect(await lastResort()).not.to.equal(first)
    })

    it('are taken from no other device, and refused when they are altered or old', async () => {
      await client.stop()
      const make = async (device: DeviceKeys, more: Partial<PreKeyBatch> = {}): Promise<Uint8Array<ArrayBuffer>> => {
        const random = createSeededRandom(70)
        const key = () => ({ id: random(8), key: random(32), expires: bob.clock.now() + DAY })
        const { bytes } = await createPreKeyBatch(device.signer, { person: bob.person.did, series: new Uint8Array(8), number: 0, issued: bob.clock.now(), keys: [key()], lastResort: key(), ...more })
        return bytes.slice()
      }
      const put = async (from: Node, block: Uint8Array<ArrayBuffer>): Promise<PreKeyFrame | undefined> => await say(from, proxy, [hello(), { v: 1, type: 'put', block }])
      expect(await put(phone, await make(laptop.keys))).to.include({ type: 'refuse', error: 'InvalidBytesError' })
      expect(await put(phone, await make(phone.keys, { person: alice.did }))).to.include({ error: 'InvalidBytesError' })
      expect(await put(phone, await make(phone.keys, { issued: bob.clock.now() + DAY }))).to.include({ error: 'InvalidBytesError' })
      const altered = await make(phone.keys)
      altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
      expect(await put(phone, altered)).to.include({ error: 'InvalidSignatureError' })
      expect(await say(alice.node, proxy, [hello()])).to.include({ error: 'NotAllowedError' })
      expect(await say({ ...phone, network: await bob.networks.join(new Uint8Array(32).fill(99)) }, proxy, [hello()])).to.include({ error: 'NotAllowedError' })
      expect(await idsIn(proxy.store)).to.deep.equal([])

      // A batch that was handed out comes back: nothing of it does.
      const good = await make(phone.keys)
      expect(await put(phone, good)).to.include({ type: 'left', left: 1 })
      expect(idsOf(await ask(alice))).to.have.length(1)
      expect(await put(phone, good)).to.include({ type: 'left', left: 0 })
      const { bytes } = await extendDeviceList(bob.person, bob.list, { revoke: [phone.keys.did] }, { at: bob.clock.now() })
      await proxy.people.learnList(bytes)
      await bob.clock.advance(1)
      expect(await put(phone, await make(phone.keys, { number: 1 }))).to.include({ error: 'NotAllowedError' })
      expect(given(await ask(alice))).to.deep.equal([])
    })
  })

  describe('that others take', () => {
    it('are each handed out once, whoever asks at the same time', async () => {
      await client.supply(proxy.route)
      await client.stop()
      const takers = await Promise.all(Array.from({ length: 13 }, async (_none, index) => await createOther(bob, 10 + index)))
      const answers = await Promise.all([...takers, ...takers].map(async taker => await ask(taker, 4)))
      const ids = answers.flatMap(idsOf)
      expect(ids).to.have.length(100)
      expect(new Set(ids).size).to.equal(100)
      expect(given(answers.at(-1))[0]?.lastResort).not.to.equal(null)
    })

    it('are each handed out once, wherever the proxy is killed', async () => {
      await client.supply(proxy.route)
      await client.stop()
      const seen: string[] = []
      for (let round = 0; round < 12; round++) {
        await holder.stop()
        const taker = await createOther(bob, 20 + round)
        // Dies before, or just after, something was written; then it sends nothing.
        const store = mortal(proxy.store, { commits: round % 3, isWritten: round % 2 === 0 })
        holder = await hold({ ...proxy, store })
        for (let turn = 0; turn < 4; turn++) {
          const answer = await ask(taker, 2).catch(() => undefined)
          if (answer?.type === 'given') seen.push(...idsOf(answer))
        }
      }
      expect(seen.length).to.be.above(12)
      expect(new Set(seen).size).to.equal(seen.length)
      await holder.stop()
      holder = await hold()
      expect((await idsIn(proxy.store)).some(id => seen.includes(id))).to.equal(false)
    })

    it('end with the last resort, and then with nothing', async () => {
      await client.supply(proxy.route)
      await client.stop()
      const takers = await Promise.all([30, 31, 32].map(async seed => await createOther(bob, seed)))
      for (let turn = 0; turn < 10; turn++) for (const taker of takers) await ask(taker)
      const [entry] = given(await ask(alice))
      expect(entry?.keys).to.deep.equal([])
      expect(entry?.lastResort).not.to.equal(null)
      await bob.clock.advance(28 * DAY)
      expect(given(await ask(alice))).to.deep.equal([])
    })

    it('are few a day for one asker, who then gets the last resort', async () => {
      await client.supply(proxy.route)
      await client.stop()
      let taken = 0
      for (let turn = 0; turn < 40; turn++) {
        const answer = await ask(alice)
        taken += idsOf(answer).length
        expect(given(answer)[0]?.lastResort).not.to.equal(null)
      }
      expect(taken).to.equal(60)
      expect(idsOf(await ask(await createOther(bob, 40)))).to.have.length(5)
      await bob.clock.advance(DAY)
      expect(idsOf(await ask(alice))).to.have.length(5)
    })

    it('are for nobody who is blocked, speaks for somebody else, or asks for whom nobody serves here', async () => {
      await client.supply(proxy.route)
      const refused = { v: 1, type: 'refuse', error: 'NotAllowedError', message: 'nothing is held here for this device' }
      blocked.add(alice.did)
      expect(await ask(alice)).to.deep.equal(refused)
      blocked.clear()
      const carol = await createOther(bob, 41)
      const card = (await carol.node.people.card(carol.did))?.slice() ?? null
      expect(await say(alice.node, proxy, [{ ...takeFrame(bob.person.did, carol.did, [phone.keys.did], 1), card }])).to.deep.equal(refused)
      expect(await say(alice.node, proxy, [takeFrame(bob.person.did, alice.did, [phone.keys.did], 1)])).to.deep.equal(refused)
      expect(await say(carol.node, proxy, [{ ...takeFrame(alice.did, carol.did, [phone.keys.did], 1), card }])).to.deep.equal(refused)
      expect(await left()).to.equal(100)
    })
  })
})

/** A store that dies with its process at a commit: before it writes, or after. */
function mortal (inner: Store, { commits, isWritten }: { commits: number, isWritten: boolean }): Store {
  let left = commits
  let isDead = false
  return {
    ...inner,
    async commit (changes: Change[], options) {
      if (isDead) throw new StoppedError('The process')
      isDead = left-- === 0
      if (!isDead || isWritten) await inner.commit(changes, options)
      if (isDead) throw new StoppedError('The process')
    }
  }
}
