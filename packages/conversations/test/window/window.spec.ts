import { createSeededRandom, silentLogger, type CID } from '@parley/core'
import { expect } from 'chai'
import { createWindows, WINDOW_PROTOCOL, type DecodedAction, type Windows } from '../../src/index.ts'
import { windowFrameCodec, type WindowFrame } from '../../src/window/frames.ts'
import { createPeers, write, type Peer, type Peers } from '../sync/peers.ts'

async function nameOf (promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => 'none', (error: unknown) => (error as Error).name)
}

const bodies = (actions: DecodedAction[]): Array<string | undefined> => actions.map(({ content }) => content?.verb === 'add' && content.thing === 'message' ? content.body : undefined)

describe('a device that wants the newest part of a long conversation first', () => {
  let peers: Peers
  let alice: Peer
  let bob: Peer
  let carol: Peer
  let id: CID
  const open: Windows[] = []

  async function windowsOf ({ network, conversations, people, who, clock }: Peer): Promise<Windows> {
    const windows = await createWindows({ network, conversations, people, device: who.device, person: who.did, clock, logger: silentLogger })
    open.push(windows)
    return windows
  }

  beforeEach(async () => {
    peers = createPeers(51)
    const [a, b, c] = [await peers.world.somebody('Alice'), await peers.world.somebody('Bob'), await peers.world.somebody('Carol')]
    alice = await peers.peer(a)
    bob = await peers.peer(b, { without: [a] })
    carol = await peers.peer(c)
    await peers.card(alice)
    const there = await alice.conversations.create({ subject: 'Long', participants: [b.did] })
    id = there.id
    for (let n = 0; n < 30; n++) {
      await peers.world.clock.advance(1000)
      await there.append({ verb: 'add', thing: 'message', message: new Uint8Array(peers.world.random(16)), body: `number ${n}` })
    }
    await windowsOf(alice)
  })
  afterEach(async () => {
    for (const windows of open.splice(0)) await windows.stop()
    await peers.stop()
  })

  it('reads it with keys that come along, and older parts on demand, though nothing is stored', async () => {
    const windows = await windowsOf(bob)
    const told: number[] = []
    const newest = await windows.window(id, alice.target, { count: 10, onProgress: ({ received }) => { told.push(received) } })
    expect(bodies(newest.actions)).to.deep.equal(Array.from({ length: 10 }, (_none, n) => `number ${29 - n}`))
    expect(newest.isBeginning).to.equal(false)
    expect(told.at(-1)).to.equal(10)
    const older = await windows.window(id, alice.target, { count: 15, before: newest.actions.at(-1) })
    expect(bodies(older.actions)).to.deep.equal(Array.from({ length: 15 }, (_none, n) => `number ${19 - n}`))
    const oldest = await windows.window(id, alice.target, { count: 100, before: older.actions.at(-1) })
    expect(oldest.isBeginning).to.equal(true)
    expect(oldest.actions.at(-1)?.content).to.deep.include({ verb: 'publish', thing: 'conversation', subject: 'Long' })
    expect(await bob.conversations.holder(id).exists()).to.equal(false)
  })

  it('is refused where it may not see the conversation', async () => {
    const windows = await windowsOf(carol)
    expect(await nameOf(windows.window(id, alice.target))).to.equal('NotAllowedError')
  })

  it('is told when the place it goes on from is unknown', async () => {
    const windows = await windowsOf(bob)
    const [first] = (await windows.window(id, alice.target, { count: 1 })).actions
    const other = await alice.conversations.create({ subject: 'Other', participants: [bob.who.did] })
    const error = await windows.window(other.id, alice.target, { before: first }).catch((reason: unknown) => reason as { name: string, remoteName: string })
    expect(error).to.include({ name: 'PeerRefusedError', remoteName: 'UnknownActionError' })
  })

  describe('whose peer lies', () => {
    let liar: Peer
    let frames: Array<Extract<WindowFrame, { type: 'head' | 'blocks' }>>

    beforeEach(async () => {
      // What an honest peer would send, to be spoiled.
      const { keys, blocks } = await alice.conversations.holder(id).window({ count: 5, device: bob.who.device.signer.publicKey })
      const basics = await alice.conversations.holder(id).basics() ?? new Uint8Array()
      frames = [
        { v: 1, type: 'head', basics: new Uint8Array(basics), keys: keys.map(bytes => new Uint8Array(bytes)), cards: [] },
        { v: 1, type: 'blocks', blocks: blocks.map(bytes => new Uint8Array(bytes)), last: true }
      ]
      liar = carol
      await liar.network.handle(WINDOW_PROTOCOL, async stream => {
        await stream.receive()
        for (const frame of frames) await stream.send(windowFrameCodec.encode(frame))
        await stream.close()
      })
      await peers.world.introduce(bob)
    })
    const spoil = (change: (blocks: Uint8Array<ArrayBuffer>[]) => Uint8Array<ArrayBuffer>[]): void => {
      frames = frames.map(frame => frame.type === 'blocks' ? { ...frame, blocks: change(frame.blocks) } : frame)
    }
    const ask = async (): Promise<string> => await nameOf((await windowsOf(bob)).window(id, liar.target, { count: 5 }))

    it('takes what is good from anybody', async () => {
      expect(await ask()).to.equal('none')
    })
    it('refuses actions out of their order, or twice', async () => {
      spoil(blocks => blocks.toReversed())
      expect(await ask()).to.equal('InvalidWindowError')
      spoil(([first = new Uint8Array(), ...others]) => [first, first, ...others].slice(0, 5))
      expect(await ask()).to.equal('InvalidWindowError')
    })
    it('refuses more than was asked for', async () => {
      spoil(blocks => [...blocks, ...blocks])
      expect(await ask()).to.equal('ProtocolViolationError')
    })
    it('refuses another conversation’s basics and actions', async () => {
      const other = await alice.conversations.create({ subject: 'Other', participants: [bob.who.did] })
      await write({ ...alice, world: peers.world }, other.id, 3)
      const { blocks: foreign } = await alice.conversations.holder(other.id).window({ count: 3 })
      spoil(() => foreign.map(bytes => new Uint8Array(bytes)))
      expect(await ask()).to.equal('InvalidWindowError')
    })
    it('refuses every altered byte of a block', async () => {
      const random = createSeededRandom(52)
      const good = frames
      const windows = await windowsOf(bob)
      for (let round = 0; round < 200; round++) {
        frames = good
        spoil(blocks => {
          const [a = 0, b = 0, bit = 0] = random(3)
          return blocks.map((bytes, number) => number === a % blocks.length ? bytes.with(Math.floor(b * bytes.length / 256), (bytes[Math.floor(b * bytes.length / 256)] ?? 0) ^ (1 << bit % 8)) : bytes)
        })
        expect(await nameOf(windows.window(id, liar.target, { count: 5 }))).to.equal('InvalidWindowError')
      }
    })
    it('shows nothing of people whose devices are unknown', async () => {
      const stranger = await peers.peer(await peers.world.somebody('Dave'), { without: [alice.who] })
      expect((await (await windowsOf(stranger)).window(id, liar.target, { count: 5 })).actions).to.deep.equal([])
    })
  })
})
