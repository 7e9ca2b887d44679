import { createSeededRandom, createVirtualClock } from '@parley/core'
import { createDeviceKeys, createSealedSender, type DeviceKeys } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { expect } from 'chai'
import { acceptSession, openSession, type SignalSession } from '../src/signal-session.ts'
import { STREAM_PURPOSE, helloCodec, introductionCodec } from '../src/stream-hello.ts'
import { until } from './cast.ts'
import { mutate } from './mutate.ts'
import { createSimulatedNetworks } from './simulated-network.ts'

describe('a direct signal stream', function () {
  this.timeout(60_000)
  const clock = createVirtualClock()
  const random = createSeededRandom(5)
  let alice: DeviceKeys
  let bob: DeviceKeys

  before(async () => {
    [alice, bob] = await Promise.all([0, 1].map(async () => await createDeviceKeys({ seed: random(32), sealingSecret: random(32) }))) as [DeviceKeys, DeviceKeys]
  })

  /** Two ends, and every frame that the first sends, which may be altered on its way. */
  const connect = async (alter: (frame: Uint8Array, index: number) => Uint8Array = frame => frame): Promise<{ near: SignalSession, far: Promise<SignalSession>, frames: Uint8Array[] }> => {
    const networks = createSimulatedNetworks({ clock, random })
    const listener = networks.join('b')
    const accepted = Promise.withResolvers<FrameStream>()
    const held = Promise.withResolvers<void>()
    await listener.handle('/test', async stream => { accepted.resolve(stream); await held.promise })
    const stream = await networks.join('a').open({ peer: 'b', addresses: [] }, '/test')
    const frames: Uint8Array[] = []
    const altered: FrameStream = {
      peer: stream.peer,
      protocol: stream.protocol,
      signal: stream.signal,
      send: async frame => { frames.push(frame); await stream.send(alter(frame, frames.length - 1)) },
      receive: stream.receive,
      [Symbol.asyncIterator]: stream[Symbol.asyncIterator],
      close: stream.close,
      abort: stream.abort
    }
    const near = await openSession({ device: alice, clock }, altered, bob.sealing.publicKey)
    const far = acceptSession({ device: bob, clock }, await accepted.promise)
    far.catch(() => {})
    return { near, far, frames }
  }

  const first = async (session: SignalSession): Promise<Uint8Array | undefined> => {
    for await (const block of session.receive()) return block
    return undefined
  }

  it('carries blocks both ways in order, sealed anew each time', async () => {
    const { near, far, frames } = await connect()
    const blocks = [0, 1, 2].map(byte => new Uint8Array(40).fill(byte))
    for (const block of blocks) void near.send(block)
    const got: Uint8Array[] = []
    void far.then(async session => {
      void session.send(new Uint8Array([9]))
      for await (const block of session.receive()) got.push(block)
    })
    let answer: Uint8Array | undefined
    void first(near).then(block => { answer = block })
    await until(clock, () => got.length === 3 && answer !== undefined)
    expect(got).to.deep.equal(blocks)
    expect(answer).to.deep.equal(new Uint8Array([9]))
    for (const frame of frames.slice(1)) expect(frame.byteLength).to.equal(40 + 16)
  })

  it('ends by name when a frame is altered, repeated or left out', async () => {
    const earlier: Uint8Array[] = []
    for (const alter of [
      (frame: Uint8Array, index: number) => index === 2 ? mutate(frame, random) : frame,
      (frame: Uint8Array, index: number) => { earlier.push(frame); return index === 2 ? earlier[1] ?? frame : frame },
      (frame: Uint8Array, index: number) => index === 1 ? new Uint8Array() : frame
    ]) {
      const { near, far } = await connect(alter)
      void near.send(new Uint8Array([1]))
      void near.send(new Uint8Array([2]))
      let name = ''
      void far.then(async session => { for await (const block of session.receive()) expect(block).to.deep.equal(new Uint8Array([1])) })
        .catch((error: unknown) => { name = (error as Error).name })
      await until(clock, () => name !== '')
      expect(name).to.equal('UndecryptableError')
    }
  })

  it('refuses 10,000 altered frames and goes on with the true one', async () => {
    const sender = await createSealedSender(bob.sealing.publicKey, STREAM_PURPOSE)
    const receiver = await bob.sealing.receive(STREAM_PURPOSE, sender.enc)
    const frame = await sender.seal(new Uint8Array(200).fill(4), new Uint8Array())
    for (let round = 0; round < 10_000; round++) {
      const error = await receiver.open(mutate(frame, random), new Uint8Array()).catch((error: unknown) => error as Error)
      expect(error).to.have.property('name', 'UndecryptableError')
    }
    expect(await receiver.open(frame, new Uint8Array())).to.deep.equal(new Uint8Array(200).fill(4))
  })

  it('refuses altered hellos by name', async () => {
    const names = new Set<string>()
    for (let round = 0; round < 300; round++) {
      const { far } = await connect((frame, index) => index === 0 ? mutate(frame, random) : frame)
      let name = ''
      void far.then(() => { name = 'taken' }, (error: unknown) => { name = (error as Error).name })
      await until(clock, () => name !== '')
      names.add(name)
    }
    expect([...names].toSorted()).to.deep.equal(['InvalidBytesError', 'UndecryptableError'])
  })

  it('has hellos that fit their limits and nothing else', () => {
    const introduction = introductionCodec.encode({ v: 1, sealing: new Uint8Array(32), now: Number.MAX_SAFE_INTEGER })
    expect(introduction.byteLength).to.be.at.most(200)
    expect(() => helloCodec.decode(introduction)).to.throw().with.property('name', 'InvalidBytesError')
  })
})
