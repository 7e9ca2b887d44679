import { expect } from 'chai'
import fc from 'fast-check'
import { cidOf, type CID } from '@parley/core'
import type { FrameStream } from '@parley/network'
import { SYNC_PROTOCOL } from '../../src/index.ts'
import { syncFrameCodec, type RefuseFrame, type SyncFrame } from '../../src/sync/frames.ts'
import { HELLO_TIMEOUT_MS, MAX_IDLE_BATCHES, PROGRESS_TIMEOUT_MS } from '../../src/sync/limits.ts'
import { blocksOf, nameOfRejection } from '../log/world.ts'
import { createPeers, logOf, write, type Peer, type Peers } from './peers.ts'

describe('a peer that may see a conversation and misbehaves', () => {
  let peers: Peers
  let alice: Peer
  /** Has an identity that Alice trusts, and sends what he likes. */
  let bob: Peer
  let id: CID
  let stream: FrameStream

  beforeEach(async () => {
    peers = createPeers()
    const [a, b] = [await peers.world.somebody('Alice'), await peers.world.somebody('Bob')]
    alice = await peers.peer(a)
    bob = await peers.peer(b)
    id = (await alice.conversations.create({ subject: 'lunch', participants: [b.did] })).id
    await write({ ...alice, world: peers.world }, id, 3)
    stream = await bob.network.open(alice.target, SYNC_PROTOCOL)
  })
  afterEach(async () => { await peers.stop() })

  const send = async (...frames: SyncFrame[]): Promise<void> => {
    for (const frame of frames) await stream.send(syncFrameCodec.encode(frame))
  }
  /** Says hello and waits for the answer. */
  const greet = async (frame: SyncFrame): Promise<void> => {
    await send(frame)
    const answer = await stream.receive()
    expect(syncFrameCodec.decode(answer ?? new Uint8Array())).to.have.property('type', 'hello')
  }
  /** Reads what comes until the other end refuses or closes. */
  const refusal = async (): Promise<RefuseFrame | undefined> => {
    for await (const bytes of stream) {
      const frame = syncFrameCodec.decode(bytes)
      if (frame.type === 'refuse') return frame
    }
    return undefined
  }
  const hello = (frontier: [Uint8Array<ArrayBuffer>, number, CID][] = [], conversation = id): SyncFrame => ({ v: 1, type: 'hello', conversation, live: false, cards: [], frontier })
  const plain = (blocks: Uint8Array[]): Uint8Array<ArrayBuffer>[] => blocks.map(block => new Uint8Array(block))
  const everything = async (): Promise<[Uint8Array<ArrayBuffer>, number, CID][]> => (await alice.conversations.holder(id).frontier()).map(({ author, seq, cid }) => [new Uint8Array(author), seq, cid])

  it('is refused by name when its first frame is none', async () => {
    await stream.send(new Uint8Array([1, 2, 3]))
    expect(await refusal()).to.have.property('error', 'InvalidBytesError')
  })

  it('is refused by name when it does not begin with a hello', async () => {
    await send({ v: 1, type: 'done', batches: 0 })
    expect(await refusal()).to.have.property('error', 'ProtocolViolationError')
  })

  it('is refused by name when it sends blocks of another conversation', async () => {
    const other = await bob.conversations.create({ subject: 'else', participants: [alice.who.did] })
    await greet(hello(await everything()))
    await send({ v: 1, type: 'batch', n: 0, blocks: plain((await blocksOf(bob, other.id)).slice(1)) })
    expect(await refusal()).to.have.property('message').that.matches(/cannot be of this log/)
    expect(await alice.conversations.holder(other.id).exists()).to.equal(false)
  })

  it('is refused by name when it claims what it does not have', async () => {
    await greet(hello([...await everything(), [new Uint8Array(32).fill(7), 1_000_000, cidOf(new Uint8Array([7]))]]))
    await send({ v: 1, type: 'done', batches: 0 })
    expect(await refusal()).to.have.property('error', 'UnservedFrontierError')
  })

  it('is refused by name when it repeats itself for ever', async () => {
    const blocks = plain(await blocksOf(alice, id))
    await greet(hello(await everything()))
    const answer = refusal()
    for (let n = 0; n <= MAX_IDLE_BATCHES; n++) {
      await send({ v: 1, type: 'batch', n, blocks }).catch(() => {})
      // Lets each be merged, so that the window is not what ends it.
      await new Promise(resolve => { setImmediate(resolve) })
    }
    expect(await answer).to.have.property('message').that.matches(/nothing new|not acknowledged/)
  })

  it('is given up on when it says nothing', async () => {
    const answer = refusal()
    await peers.world.clock.advance(HELLO_TIMEOUT_MS + 1)
    expect(await answer).to.have.property('error', 'TimeoutError')
  })

  it('is given up on when it acknowledges nothing', async () => {
    await send(hello())
    for await (const bytes of stream) {
      if (syncFrameCodec.decode(bytes).type === 'done') break
    }
    const answer = refusal()
    await peers.world.clock.advance(PROGRESS_TIMEOUT_MS + 1)
    expect(await answer).to.have.property('error', 'TimeoutError')
  })

  it('is given up on when it is asked and never answers', async () => {
    await bob.network.handle(SYNC_PROTOCOL, async silent => { await new Promise(resolve => { silent.signal.addEventListener('abort', resolve) }) })
    const name = nameOfRejection(alice.sync.sync(id, bob.target))
    await peers.world.clock.advance(HELLO_TIMEOUT_MS + 1)
    await peers.world.clock.advance(60_000)
    expect(await name).to.equal('TimeoutError')
  })

  it('cannot plant a conversation in which nobody of the other side is', async () => {
    const carol = await peers.world.somebody('Carol')
    await peers.world.introduce(bob)
    const planted = await bob.conversations.create({ subject: 'storage', participants: [carol.did] })
    await greet(hello([], planted.id))
    await send({ v: 1, type: 'batch', n: 0, blocks: plain(await blocksOf(bob, planted.id)) })
    expect(await refusal()).to.deep.include({ error: 'NotAllowedError', message: 'nobody whom the asked device answers for may see this conversation' })
    expect(await alice.conversations.holder(planted.id).exists()).to.equal(false)
  })

  it('changes nothing with frames that have a byte changed', async function () {
    this.timeout(30_000)
    await stream.close()
    const frames = [hello(await everything()), { v: 1, type: 'batch', n: 0, blocks: plain(await blocksOf(alice, id)) } as const].map(frame => syncFrameCodec.encode(frame))
    const before = await logOf(alice, id)
    let heard = 0
    await fc.assert(fc.asyncProperty(fc.nat(1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, at, flip) => {
      stream = await bob.network.open(alice.target, SYNC_PROTOCOL)
      for (const [index, frame] of frames.entries()) {
        const bytes = new Uint8Array(frame)
        if (index === which) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip
        await stream.send(bytes).catch(() => {})
        const answer = index === 0 ? await stream.receive() : undefined
        if (answer !== undefined && syncFrameCodec.decode(answer).type === 'hello') heard++
      }
      await stream.send(syncFrameCodec.encode({ v: 1, type: 'done', batches: 1 })).catch(() => {})
      // A hello that now says that it stays is answered until we go.
      await stream.close()
      await refusal().catch(() => undefined)
      expect(await logOf(alice, id)).to.deep.equal(before)
    }), { numRuns: 150 })
    expect(heard).to.be.greaterThan(50)
  })
})
