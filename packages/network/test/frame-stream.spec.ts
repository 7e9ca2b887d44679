import { createSeededRandom, createVirtualClock, silentLogger } from '@parley/core'
import { expect } from 'chai'
import * as fc from 'fast-check'
import type { FrameStream } from '@parley/network'
import { createFrameStream } from '../src/streams/frame-stream.ts'
import { createBytePipe, type PipeEnd } from './support/byte-pipe.ts'
import { failureOf } from './support/failure.ts'

const clock = createVirtualClock()
const over = (end: PipeEnd, maxFrameBytes = 100_000): FrameStream => createFrameStream(end, { clock, logger: silentLogger }, { peer: 'peer', protocol: '/test/1', maxFrameBytes })

describe('a frame stream', () => {
  it('delivers the frames however the bytes are cut', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), async (frames, pieceBytes) => {
      const [a, b] = createBytePipe(bytes => Array.from({ length: Math.ceil(bytes.byteLength / pieceBytes) }, (_, index) => bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes)))
      const [near, far] = [over(a), over(b)]
      for (const frame of frames) await near.send(frame)
      await near.close()
      const received: Uint8Array[] = []
      for await (const frame of far) received.push(frame)
      expect(received).to.deep.equal(frames)
    }), { numRuns: 50 })
  })

  it('puts what is sent in one go into one write', async () => {
    const [a, b] = createBytePipe()
    const [near, far] = [over(a), over(b)]
    for (let index = 0; index < 100; index++) await near.send(Uint8Array.of(index))
    for (let index = 0; index < 100; index++) expect((await far.receive())?.[0]).to.equal(index)
    expect(a.sends).to.be.lessThan(4)
  })

  it('lets its frames be changed after they were sent', async () => {
    const [a, b] = createBytePipe()
    const [near, far] = [over(a), over(b)]
    const frame = Uint8Array.of(1, 2, 3)
    const sent = near.send(frame)
    frame.fill(0)
    await sent
    expect(await far.receive()).to.deep.equal(Uint8Array.of(1, 2, 3))
  })

  it('breaks by name, and nothing else with it, when the bytes under it ended before they were written', async () => {
    const [a] = createBytePipe()
    const near = over(Object.assign(a, { send () { throw new RangeError('it is closed') } }))
    await near.send(Uint8Array.of(1)).catch(() => {})
    const error = await failureOf(near.receive())
    expect(error.name).to.equal('StreamClosedError')
    expect((error.cause as Error).name).to.equal('RangeError')
  })

  it('says so when it is cut off in the middle of a frame', async () => {
    const [a, b] = createBytePipe(bytes => [bytes.subarray(0, 20)])
    const [near, far] = [over(a), over(b)]
    await near.send(new Uint8Array(100))
    await Promise.resolve()
    const waiting = failureOf(far.receive())
    await new Promise(resolve => { setImmediate(resolve) })
    await a.closeWrite()
    const error = await waiting
    expect(error.name).to.equal('StreamClosedError')
    expect(error.message).to.include('in the middle of a frame')
  })

  it('does not take a direction that stopped without its end for a clean one', async () => {
    const [a, b] = createBytePipe()
    const [near, far] = [over(a), over(b)]
    await near.send(Uint8Array.of(1))
    await new Promise(resolve => { setImmediate(resolve) })
    await a.closeWrite()
    expect(await far.receive()).to.deep.equal(Uint8Array.of(1))
    expect((await failureOf(far.receive())).name).to.equal('StreamClosedError')
  })

  it('is aborted when the other end does not close and nobody reads', async () => {
    const [a, b] = createBytePipe()
    const [near] = [over(a), over(b)]
    await near.close()
    await clock.advance(29_000)
    expect(near.signal.aborted).to.equal(false)
    await clock.advance(2_000)
    expect(near.signal.aborted).to.equal(true)
    expect(a.aborted?.name).to.equal('StreamClosedError')
  })

  it('stays for a reader, however long the other end is quiet', async () => {
    const [a, b] = createBytePipe()
    const [near, far] = [over(a), over(b)]
    await near.close()
    const answer = near.receive()
    await clock.advance(10 * 60_000)
    await far.send(Uint8Array.of(9))
    expect(await answer).to.deep.equal(Uint8Array.of(9))
  })

  it('survives 2,000 damaged writes: each is read or ends its stream by name', async () => {
    const random = createSeededRandom(42)
    const names = new Map<string, number>()
    for (let round = 0; round < 2_000; round++) {
      const [at = 0, value = 0] = random(2)
      const [a, b] = createBytePipe(bytes => {
        const damaged = bytes.slice()
        damaged[at % damaged.byteLength] = (damaged[at % damaged.byteLength] ?? 0) ^ (value === 0 ? 1 : value)
        return [damaged]
      })
      const [near, far] = [over(a, 1000), over(b, 1000)]
      await near.send(new Uint8Array(30).fill(round))
      await near.send(new Uint8Array(3))
      void near.close()
      const name = await readAll(far)
      names.set(name, (names.get(name) ?? 0) + 1)
      near.abort(new RangeError('over'))
    }
    expect([...names.keys()].every(name => ['none', 'InvalidBytesError', 'OversizedBytesError', 'StreamClosedError'].includes(name))).to.equal(true)
    console.log(`      ${JSON.stringify(Object.fromEntries(names))}`)
  })
})

/** Reads to the end; what is still open after the bytes ran out counts as cut off by its owner. */
async function readAll (stream: FrameStream): Promise<string> {
  const reading = (async () => {
    try {
      for await (const frame of stream) expect(frame.byteLength).to.be.lessThan(1001)
      return 'none'
    } catch (error) {
      return (error as Error).name
    }
  })()
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  stream.abort(new RangeError('enough'))
  return await reading
}
