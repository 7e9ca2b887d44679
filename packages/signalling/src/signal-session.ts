import { OversizedBytesError, type AbortOptions, type Clock } from '@parley/core'
import { createSealedSender, type DeviceKeys, type SealedReceiver, type SealedSender } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { MAX_SIGNAL_BYTES } from './signal.ts'
import { STREAM_PURPOSE, helloCodec, introductionCodec } from './stream-hello.ts'

const TAG_BYTES = 16
/** Frames of a signal stream are never larger. */
export const MAX_SIGNAL_FRAME_BYTES = MAX_SIGNAL_BYTES + TAG_BYTES
/** Signals that may wait for a slow peer; more are left to the topic and the next attempt. */
const MAX_QUEUED = 256
const NO_DATA = new Uint8Array()

/** One direct stream on which both directions are sealed, each under one HPKE context. */
export interface SignalSession {
  readonly peer: string
  readonly signal: AbortSignal
  /** How far the peer's clock is ahead of ours, as its hello said; known once a signal was received. */
  readonly clockOffsetMs: number | undefined
  /** Seals and sends a signal block; false when the peer is too slow and it was dropped. Rejects when the stream has ended. */
  send(block: Uint8Array): Promise<boolean>
  /** Yields signal blocks until the peer closes. @throws {InvalidBytesError | UndecryptableError} */
  receive(): AsyncGenerator<Uint8Array>
  close(): Promise<void>
  abort(error: Error): void
}

interface Components { device: DeviceKeys, clock: Clock }

/** Begins a session on a stream that we opened to a device whose sealing key is known; the first signal may follow at once. */
export async function openSession (components: Components, stream: FrameStream, sealing: Uint8Array): Promise<SignalSession> {
  const sender = await greet(components, stream, sealing)
  return createSession(stream, { sender, receiver: async () => await meet(components, stream) })
}

/** Begins a session on a stream that a peer opened to us. Waits for its hello. */
export async function acceptSession (components: Components, stream: FrameStream, options?: AbortOptions): Promise<SignalSession> {
  const met = await meet(components, stream, options)
  const sender = await greet(components, stream, met.sealing)
  return createSession(stream, { sender, receiver: () => met })
}

async function greet ({ device, clock }: Components, stream: FrameStream, sealing: Uint8Array): Promise<SealedSender> {
  const sender = await createSealedSender(sealing, STREAM_PURPOSE)
  const introduction = introductionCodec.encode({ v: 1, sealing: new Uint8Array(device.sealing.publicKey), now: Math.floor(clock.now()) })
  const ct = await sender.seal(introduction, NO_DATA)
  await stream.send(helloCodec.encode({ v: 1, enc: new Uint8Array(sender.enc), ct }))
  return sender
}

interface Met { receiver: SealedReceiver, sealing: Uint8Array, clockOffsetMs: number }

async function meet ({ device, clock }: Components, stream: FrameStream, options?: AbortOptions): Promise<Met> {
  const frame = await stream.receive(options)
  const { enc, ct } = helloCodec.decode(frame ?? NO_DATA)
  const receiver = await device.sealing.receive(STREAM_PURPOSE, enc)
  const { sealing, now } = introductionCodec.decode(await receiver.open(ct, NO_DATA))
  return { receiver, sealing, clockOffsetMs: now - clock.now() }
}

function createSession (stream: FrameStream, { sender, receiver }: { sender: SealedSender, receiver: () => Met | Promise<Met> }): SignalSession {
  let queued = 0
  let last: Promise<unknown> = Promise.resolve()
  let clockOffsetMs: number | undefined
  return {
    peer: stream.peer,
    signal: stream.signal,
    get clockOffsetMs () { return clockOffsetMs },
    async send (block) {
      if (queued >= MAX_QUEUED) return false
      queued++
      try {
        // Frames go out in the order they were sealed: their numbers count in the nonce.
        const sealed = sender.seal(block, NO_DATA)
        const sent = last.then(async () => { await stream.send(await sealed) })
        last = sent.catch(() => {})
        await sent
        return true
      } finally {
        queued--
      }
    },
    async * receive () {
      const met = await receiver()
      clockOffsetMs = met.clockOffsetMs
      for await (const frame of stream) {
        if (frame.byteLength > MAX_SIGNAL_FRAME_BYTES) throw new OversizedBytesError('signal frame', frame.byteLength, MAX_SIGNAL_FRAME_BYTES)
        yield await met.receiver.open(frame, NO_DATA)
      }
    },
    close: async () => { await stream.close() },
    abort: error => { stream.abort(error) }
  }
}
