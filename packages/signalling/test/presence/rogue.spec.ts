import { createSeededRandom, createVirtualClock } from '@parley/core'
import { publicKeyFromDid, type DeviceKeys, type Did } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { expect } from 'chai'
import { PRESENCE_PROTOCOL } from '../../src/index.ts'
import { createBeatChain, type BeatChain } from '../../src/presence/beat-chain.ts'
import { boardCodec, diallerCodec, type BoardFrame, type DiallerFrame } from '../../src/presence/presence-frames.ts'
import { signStatement, type Statement } from '../../src/presence/statement.ts'
import { createPerson, type CastPerson } from '../cast.ts'
import { mutate } from '../mutate.ts'
import { LIVE, createStage, type Actor, type Stage } from './stage.ts'

const chain: BeatChain = createBeatChain({ random: createSeededRandom(9) })

describe('a peer that breaks the rules of presence', function () {
  this.timeout(60_000)
  let stage: Stage
  let alice: CastPerson
  let bob: CastPerson
  let mallory: CastPerson

  before(async () => {
    const now = createVirtualClock().now()
    alice = await createPerson(1, { phone: ['endpoint'] }, now)
    bob = await createPerson(2, { phone: ['endpoint'], proxy: ['proxy'] }, now)
    mallory = await createPerson(3, { phone: ['endpoint'], proxy: ['proxy'] }, now)
  })
  beforeEach(() => {
    stage = createStage()
    stage.allowed.add(`${alice.did} ${bob.did}`)
  })
  afterEach(async () => { await stage.stop() })

  const keysOf = (person: CastPerson, device: string): DeviceKeys => {
    const keys = person.devices[device]?.keys
    if (keys === undefined) throw new RangeError(device)
    return keys
  }
  const statement = async (signer: DeviceKeys, person: Did, more: Partial<Statement> = {}): Promise<Uint8Array<ArrayBuffer>> => await signStatement(signer.signer, {
    v: 1, person: publicKeyFromDid(person), device: publicKeyFromDid(signer.did), session: 5, seq: 1, at: 0, sentAt: Math.floor(stage.clock.now()),
    platform: 'desktop', availability: 'live', dnd: false, chain: chain.anchor, ...more
  })
  const reach = ({ presence }: Actor): string => presence.getReachability(bob.did).reach
  const settle = async (durationMs = 500): Promise<void> => {
    const end = stage.clock.monotonicNow() + durationMs
    await stage.until(() => stage.clock.monotonicNow() >= end)
  }

  describe('as a board', () => {
    let streams: FrameStream[]
    let watcher: Actor
    const tell = async (frame: BoardFrame): Promise<void> => {
      await streams.at(-1)?.send(boardCodec.encode(frame))
      await settle()
    }

    beforeEach(async () => {
      streams = []
      const network: Network = await stage.networks.join(keysOf(bob, 'proxy').seed)
      await network.handle(PRESENCE_PROTOCOL, async stream => {
        streams.push(stream)
        await stream.send(boardCodec.encode([1, 0, { sentAt: Math.floor(stage.clock.now()) }]))
        for await (const _ of stream);
      })
      watcher = await stage.up(alice, 'phone', { knows: [bob] })
      watcher.presence.watch(bob.did)
      await stage.until(() => reach(watcher) === 'proxy-only')
    })

    it('is believed what the device signed, and nothing else', async () => {
      const phone = keysOf(bob, 'phone')
      const lies: Array<[BoardFrame, string]> = [
        [[1, 4, [[0, await statement(keysOf(bob, 'proxy'), bob.did), 0, chain.anchor]], []], 'UntrustedPresenceError'],
        [[1, 4, [[1, await statement(keysOf(mallory, 'phone'), bob.did), 0, chain.anchor]], []], 'UntrustedPresenceError'],
        [[1, 4, [[2, await statement(keysOf(mallory, 'phone'), mallory.did), 0, chain.anchor]], []], 'UntrustedPresenceError'],
        [[1, 4, [[3, await statement(keysOf(mallory, 'phone'), bob.did, { device: publicKeyFromDid(phone.did) }), 0, chain.anchor]], []], 'InvalidSignatureError'],
        [[1, 4, [[4, await statement(phone, bob.did), 1, chain.link(2)]], []], 'UntrustedPresenceError'],
        [[1, 4, [[5, mutate(await statement(phone, bob.did), createSeededRandom(4)), 0, chain.anchor]], []], '']
      ]
      for (const [frame, name] of lies) {
        const before = { ...watcher.presence.refusals() }
        await tell(frame)
        expect(reach(watcher)).to.equal('proxy-only')
        if (name !== '') expect(watcher.presence.refusals()[name]).to.equal((before[name] ?? 0) + 1)
      }
      await tell([1, 4, [[6, await statement(phone, bob.did), 0, chain.anchor]], []])
      expect(reach(watcher)).to.equal('live')
      await tell([1, 5, [[6, 1, chain.link(2)]]])
      expect(watcher.presence.refusals().UntrustedPresenceError).to.equal(5)
    })

    it('cannot keep somebody live by beats that it does not have', async () => {
      await tell([1, 4, [[0, await statement(keysOf(bob, 'phone'), bob.did), 0, chain.anchor]], []])
      const at = stage.clock.monotonicNow()
      for (let minute = 0; minute < 5; minute++) {
        await tell([1, 4, [[minute + 1, await statement(keysOf(bob, 'phone'), bob.did), 0, chain.anchor]], []])
        await tell([1, 5, [[0, 0, chain.anchor]]])
        if (reach(watcher) === 'live') expect(stage.clock.monotonicNow() - at).to.be.at.most(150_000)
        await settle(50_000)
      }
      expect(reach(watcher)).to.equal('proxy-only')
    })

    it('is left when it sends what is no frame, and dialled again later', async () => {
      const random = createSeededRandom(6)
      const frame = boardCodec.encode([1, 4, [[0, await statement(keysOf(bob, 'phone'), bob.did), 0, chain.anchor]], []])
      for (let turn = 0; turn < 5; turn++) {
        const { length } = streams
        let mutated = mutate(frame, random)
        while (isFrame(mutated)) mutated = mutate(frame, random)
        await streams.at(-1)?.send(mutated)
        await stage.until(() => reach(watcher) === 'unreachable')
        await stage.until(() => streams.length > length && reach(watcher) === 'proxy-only', { stepMs: 200 })
      }
      expect(watcher.presence.refusals().InvalidBytesError).to.equal(5)
    })

    it('is left when it floods', async () => {
      const block = await statement(keysOf(bob, 'phone'), bob.did)
      const frame = boardCodec.encode([1, 4, Array.from({ length: 56 }, (_, slot) => [slot, block, 0, chain.anchor]), []])
      const stream = streams.at(-1)
      void (async () => { for (let turn = 0; turn < 400; turn++) await stream?.send(frame) })().catch(() => {})
      await stage.until(() => stream?.signal.aborted === true)
      expect(watcher.presence.refusals()).to.have.property('PresenceFloodError')
    })
  })

  describe('as a device', () => {
    let proxy: Actor
    let watcher: Actor

    beforeEach(async () => {
      proxy = await stage.up(bob, 'proxy', { serves: () => [bob.did], knows: [mallory] })
      watcher = await stage.up(alice, 'phone', { knows: [bob] })
      watcher.presence.watch(bob.did)
      await stage.until(() => reach(watcher) === 'proxy-only')
    })

    const dial = async (as: DeviceKeys, frames: DiallerFrame[]): Promise<FrameStream> => {
      const network = await stage.networks.join(as.seed)
      const stream = await network.open({ peer: proxy.network.peerId, addresses: [`/memory/${proxy.network.peerId}`] }, PRESENCE_PROTOCOL)
      for (const frame of frames) await stream.send(diallerCodec.encode(frame))
      await settle()
      return stream
    }
    const hello = (person: Did): DiallerFrame => [1, 0, { person: publicKeyFromDid(person), sentAt: Math.floor(stage.clock.now()) }]

    it('cannot speak for somebody else', async () => {
      const evil = keysOf(mallory, 'phone')
      const block = await statement(evil, bob.did)
      for (const frames of [
        [hello(bob.did), [1, 2, [block, 0, chain.anchor]]],
        [hello(mallory.did), [1, 2, [block, 0, chain.anchor]]],
        [hello(mallory.did), [1, 2, [await statement(evil, mallory.did), 0, chain.anchor]]],
        [hello(bob.did), [1, 2, [await statement(keysOf(bob, 'phone'), bob.did), 0, chain.anchor]]]
      ] as DiallerFrame[][]) {
        expect((await dial(evil, frames)).signal.aborted).to.equal(true)
        expect(reach(watcher)).to.equal('proxy-only')
      }
      expect(proxy.presence.refusals().UntrustedPresenceError).to.equal(4)
    })

    it('learns nothing by claiming to be a contact', async () => {
      const phone = await stage.up(bob, 'phone')
      phone.presence.set(LIVE)
      await stage.until(() => reach(watcher) === 'live')
      const stream = await dial(keysOf(mallory, 'phone'), [hello(alice.did), [1, 1, [publicKeyFromDid(bob.did)], []]])
      const frames: BoardFrame[] = []
      void (async () => { for await (const bytes of stream) frames.push(boardCodec.decode(bytes)) })().catch(() => {})
      await settle(130_000)
      expect(frames.map(frame => frame[1])).to.deep.equal([0, 5, 5])
      expect(frames.flatMap(frame => frame[1] === 5 ? frame[2] : [])).to.deep.equal([])
    })

    it('is turned away when it sends no hello, two of them, no frames, or too many', async () => {
      const evil = keysOf(mallory, 'phone')
      expect((await dial(evil, [[1, 1, [], []]])).signal.aborted).to.equal(true)
      expect((await dial(evil, [hello(mallory.did), hello(mallory.did)])).signal.aborted).to.equal(true)
      const flood: DiallerFrame[] = Array.from({ length: 300 }, () => [1, 1, [], []])
      expect((await dial(evil, [hello(mallory.did), ...flood]).catch((error: unknown) => ({ signal: { aborted: error !== undefined } }))).signal.aborted).to.equal(true)
      expect(proxy.presence.refusals()).to.deep.equal({ InvalidBytesError: 2, PresenceFloodError: 1 })
    })

    it('may watch so many persons, and no more', async () => {
      const evil = keysOf(mallory, 'phone')
      const random = createSeededRandom(8)
      const many: DiallerFrame[] = Array.from({ length: 17 }, () => [1, 1, Array.from({ length: 256 }, () => new Uint8Array(random(32))), []])
      expect((await dial(evil, [hello(mallory.did), ...many.slice(0, 16)])).signal.aborted).to.equal(false)
      expect((await dial(evil, [hello(mallory.did), ...many]).catch((error: unknown) => ({ signal: { aborted: error !== undefined } }))).signal.aborted).to.equal(true)
      expect(proxy.presence.refusals()).to.deep.equal({ CrowdedBoardError: 1 })
    })

    it('breaks nothing with 10,000 mutated frames', async () => {
      const evil = keysOf(bob, 'phone')
      const random = createSeededRandom(7)
      const good = [hello(bob.did), [1, 1, [publicKeyFromDid(bob.did)], []] as DiallerFrame, [1, 2, [await statement(evil, bob.did), 0, chain.anchor]] as DiallerFrame, [1, 3, 1, chain.link(1)] as DiallerFrame].map(frame => diallerCodec.encode(frame))
      const network = await stage.networks.join(evil.seed)
      for (let turn = 0; turn < 10_000; turn++) {
        const stream = await network.open({ peer: proxy.network.peerId, addresses: [`/memory/${proxy.network.peerId}`] }, PRESENCE_PROTOCOL)
        const bad = turn % good.length
        for (const [index, frame] of good.entries()) if (index <= bad) await stream.send(index === bad ? mutate(frame, random) : frame).catch(() => {})
        if (turn % 4 === 3) {
          await stage.clock.advance(5)
          stage.networks.cut(network.peerId, proxy.network.peerId)
          stage.networks.heal(network.peerId, proxy.network.peerId)
        }
      }
      await settle()
      const names = Object.keys(proxy.presence.refusals())
      for (const name of names) expect(name).to.be.oneOf(['InvalidBytesError', 'InvalidSignatureError', 'UntrustedPresenceError', 'OversizedBytesError'])
      expect(names).to.include.members(['InvalidBytesError'])
      stage.networks.cut(network.peerId, proxy.network.peerId)
      stage.networks.heal(network.peerId, proxy.network.peerId)
      await stage.until(() => reach(watcher) === 'proxy-only')
    })
  })
})

function isFrame (bytes: Uint8Array): boolean {
  try {
    boardCodec.decode(bytes)
    return true
  } catch {
    return false
  }
}
