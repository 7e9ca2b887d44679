import type { FrameStream } from '@parley/network'
import { expect } from 'chai'
import { failureOf, targetOf, text, turns, until, type Join } from './network-cases.ts'

const ECHO = '/test/echo/1'
const echo = async (stream: FrameStream): Promise<void> => { for await (const frame of stream) await stream.send(frame) }

/** Defines what every network's streams do. */
export function streamTests (join: Join): void {
  describe('streams', () => {
    it('carry frames in order both ways and end cleanly', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      await a.handle(ECHO, echo)
      const stream = await b.open(targetOf(a), ECHO)
      expect(stream.peer).to.equal(a.peerId)
      for (const word of ['one', '', 'three']) await stream.send(text(word))
      await stream.close()
      const words: string[] = []
      for await (const frame of stream) words.push(new TextDecoder().decode(frame))
      expect(words).to.deep.equal(['one', '', 'three'])
      expect(await stream.receive()).to.equal(undefined)
      await until(() => stream.signal.aborted)
    })

    it('prove who is at the other end', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      const peers: string[] = []
      await a.handle(ECHO, async stream => { peers.push(stream.peer) })
      const stream = await b.open(targetOf(a), ECHO)
      expect(await stream.receive()).to.equal(undefined)
      expect(peers).to.deep.equal([b.peerId])
    })

    it('let the answer of a half-closed stream be longer than the credit', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      const frame = new Uint8Array(100_000).fill(7)
      await a.handle(ECHO, async stream => {
        while (await stream.receive() !== undefined);
        for (let index = 0; index < 60; index++) await stream.send(frame)
      })
      const stream = await b.open(targetOf(a), ECHO)
      await stream.close()
      let sizeBytes = 0
      for await (const piece of stream) sizeBytes += piece.byteLength
      expect(sizeBytes).to.equal(6_000_000)
    })

    it('slow a writer down to its reader', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      let read = (): void => {}
      const mayRead = new Promise<void>(resolve => { read = resolve })
      let received = 0
      await a.handle(ECHO, async stream => {
        await mayRead
        for await (const frame of stream) received += frame.byteLength
      })
      const stream = await b.open(targetOf(a), ECHO)
      let sent = 0
      const writing = (async () => { for (; sent < 100; sent++) await stream.send(new Uint8Array(65_536)) })()
      await turns(50)
      expect(sent).to.be.greaterThan(7).and.lessThan(40)
      read()
      await writing
      await stream.close()
      expect(await stream.receive()).to.equal(undefined)
      expect(received).to.equal(6_553_600)
    })

    it('keep the order of writers that wait', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      const order: number[] = []
      await a.handle(ECHO, async stream => { for await (const frame of stream) order.push(frame[0] ?? -1) })
      const stream = await b.open(targetOf(a), ECHO)
      const sends = Array.from({ length: 50 }, async (_, index) => { await stream.send(new Uint8Array(index % 2 === 0 ? 200_000 : 10).fill(index)) })
      await stream.close()
      await Promise.all(sends)
      expect(await stream.receive()).to.equal(undefined)
      expect(order).to.deep.equal(Array.from({ length: 50 }, (_, index) => index))
    })

    it('refuse to send a frame over the limit', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      await a.handle(ECHO, echo)
      const stream = await b.open(targetOf(a), ECHO, { maxFrameBytes: 100 })
      expect((await failureOf(stream.send(new Uint8Array(101)))).name).to.equal('OversizedBytesError')
      await stream.send(text('still open'))
      expect(await stream.receive()).to.deep.equal(text('still open'))
    })

    it('end by name when the other end sends a frame over the limit', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      const seen = new Promise<Error>(resolve => { void a.handle(ECHO, async stream => { resolve(await failureOf(stream.receive())) }, { maxFrameBytes: 100 }) })
      const stream = await b.open(targetOf(a), ECHO)
      await stream.send(new Uint8Array(200))
      expect((await seen).name).to.equal('OversizedBytesError')
      const error = await failureOf(stream.receive())
      expect(error.name).to.equal('StreamClosedError')
      expect(error.message).to.include('OversizedBytesError')
    })

    it('tell the other end the name of the error when they are aborted', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      await a.handle(ECHO, async stream => {
        await stream.receive()
        throw new RangeError('no')
      })
      const stream = await b.open(targetOf(a), ECHO)
      await stream.send(text('x'))
      const error = await failureOf(stream.receive())
      expect(error.name).to.equal('StreamClosedError')
      expect(error.message).to.include('RangeError')
      expect((await failureOf(stream.send(text('y')))).name).to.equal('StreamClosedError')
      expect(stream.signal.aborted).to.equal(true)
    })

    it('break when the peer goes away', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      await a.handle(ECHO, echo)
      const stream = await b.open(targetOf(a), ECHO)
      await stream.send(text('x'))
      await stream.receive()
      const waiting = failureOf(stream.receive())
      await a.stop()
      expect((await waiting).name).to.equal('StreamClosedError')
    })

    it('honour a signal while they wait', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      await a.handle(ECHO, echo)
      const stream = await b.open(targetOf(a), ECHO)
      const controller = new AbortController()
      const waiting = failureOf(stream.receive({ signal: controller.signal }))
      controller.abort(new DOMException('enough', 'AbortError'))
      expect((await waiting).name).to.equal('AbortError')
      await stream.send(text('after'))
      expect(await stream.receive()).to.deep.equal(text('after'))
    })

    it('are refused for a protocol that nobody handles', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      expect((await failureOf(b.open(targetOf(a), '/test/none/1'))).name).to.equal('UnsupportedProtocolError')
      const unhandle = await a.handle(ECHO, echo)
      await unhandle()
      expect((await failureOf(b.open(targetOf(a), ECHO))).name).to.equal('UnsupportedProtocolError')
    })

    it('are limited in number for each peer', async () => {
      const [a, b] = [await join(), await join({ listen: false })]
      await a.handle(ECHO, echo, { maxStreamsPerPeer: 2 })
      const first = await b.open(targetOf(a), ECHO)
      await b.open(targetOf(a), ECHO)
      const third = await b.open(targetOf(a), ECHO)
      expect((await failureOf(third.receive())).message).to.include('TooManyStreamsError')
      await first.close()
      while (await first.receive() !== undefined);
      await until(() => first.signal.aborted)
      await turns(20)
      const fourth = await b.open(targetOf(a), ECHO)
      await fourth.send(text('x'))
      expect(await fourth.receive()).to.deep.equal(text('x'))
    })
  })
}
