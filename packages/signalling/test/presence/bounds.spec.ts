import { createSeededRandom, createVirtualClock, silentLogger } from '@parley/core'
import { createPeople, peerIdFromDid, publicKeyFromDid } from '@parley/identity'
import { StreamClosedError, createMemoryStore, type FrameStream } from '@parley/network'
import { expect } from 'chai'
import { createDidBook } from '../../src/ids.ts'
import { PRESENCE_PROTOCOL, PRESENCE_TIMERS } from '../../src/index.ts'
import { createAllowance } from '../../src/presence/allowance.ts'
import { createBoardBook } from '../../src/presence/board-book.ts'
import { createBoardSession } from '../../src/presence/board-session.ts'
import { MAX_WATCHERS } from '../../src/presence/board.ts'
import { diallerCodec } from '../../src/presence/presence-frames.ts'
import { createPerson } from '../cast.ts'
import { createStage } from './stage.ts'

describe('the bounds of a board', function () {
  this.timeout(60_000)

  it('answers 5,000 streams and turns the next away by name', async () => {
    const stage = createStage()
    const bob = await createPerson(2, { proxy: ['proxy'] }, stage.clock.now())
    const proxy = await stage.up(bob, 'proxy', { serves: () => [bob.did] })
    const random = createSeededRandom(1)
    const hello = diallerCodec.encode([1, 0, { person: publicKeyFromDid(bob.did), sentAt: 0 }])
    const streams: FrameStream[] = []
    for (let peer = 0; peer <= MAX_WATCHERS / 4; peer++) {
      const node = await stage.networks.join(random(32))
      for (let of = 0; of < 4 && streams.length <= MAX_WATCHERS; of++) {
        const stream = await node.open({ peer: proxy.network.peerId, addresses: [`/memory/${proxy.network.peerId}`] }, PRESENCE_PROTOCOL)
        await stream.send(hello)
        streams.push(stream)
      }
    }
    await stage.clock.advance(10)
    expect(streams.filter(({ signal }) => signal.aborted)).to.deep.equal([streams.at(-1)])
    await stage.stop()
  })

  it('gives up a watcher that takes nothing for two and a half minutes', async () => {
    const clock = createVirtualClock()
    const alice = await createPerson(1, { phone: ['endpoint'] }, clock.now())
    const people = createPeople({ store: createMemoryStore(), logger: silentLogger })
    const controller = new AbortController()
    const frames = [diallerCodec.encode([1, 0, { person: publicKeyFromDid(alice.did), sentAt: 0 }])]
    const receive = async (): Promise<Uint8Array> => frames.shift() ?? await new Promise((_resolve, reject) => { controller.signal.addEventListener('abort', () => { reject(controller.signal.reason as Error) }) })
    const stream: FrameStream = {
      peer: peerIdFromDid(alice.devices.phone?.keys.did ?? ''), protocol: PRESENCE_PROTOCOL, signal: controller.signal,
      send: async () => await new Promise(() => {}), receive, close: async () => {},
      abort (error) { controller.abort(new StreamClosedError(PRESENCE_PROTOCOL, 'aborted', { cause: error })) },
      async * [Symbol.asyncIterator] () { for (;;) yield await receive() }
    }
    const session = createBoardSession({
      book: createBoardBook({ people, clock }, PRESENCE_TIMERS), people, dids: createDidBook(), clock, logger: silentLogger, timers: PRESENCE_TIMERS,
      served: () => new Set(), maySee: () => true, reserve: () => true, onSkew () {}, onRefused () {}
    }, stream, 1)
    let ended = ''
    session.run().catch((error: unknown) => { ended = (error as Error).name })
    await clock.advance(150_000)
    expect(ended).to.equal('')
    await clock.advance(60_000)
    expect(ended).to.equal('StreamClosedError')
  })

  it('lets a peer do so much at once, and so much more each second', () => {
    let now = 0
    const allowance = createAllowance({ clock: { monotonicNow: () => now } }, { burst: 10, perSecond: 2 })
    expect([allowance.take(10), allowance.take()]).to.deep.equal([true, false])
    now = 1_000
    expect([allowance.take(2), allowance.take()]).to.deep.equal([true, false])
    now = 1e9
    expect([allowance.take(10), allowance.take()]).to.deep.equal([true, false])
  })
})
