import { InvalidArgumentError } from '@parley/core'
import { FRAME_SAMPLES, OPUS_RATE_HZ } from '../audio.ts'
import { OpusUnavailableError } from '../errors.ts'
import type { OpusCodec, OpusDecoder, OpusDecoderInit, OpusEncoder, OpusEncoderInit } from './opus-codec.ts'
import { checkedDuration } from './opus-packet.ts'

/** More in flight would only grow the browser's queue. */
const MAX_IN_FLIGHT = 16
const MICROSECONDS = 1_000_000

/** Creates the codec of this platform: WebCodecs. */
export function createOpusCodec (): OpusCodec {
  return { createEncoder, createDecoder }
}

/** Outputs that came and were not fetched yet, and the error that ended them. */
interface Outlet<T> {
  /** Resolves when it failed: nobody may wait for a queue that no longer moves. */
  readonly failed: Promise<void>
  put(item: T): void
  fail(error: DOMException): void
  /** @throws {OpusUnavailableError} once the browser's codec failed */
  fetch(): T[]
}

function createOutlet<T> (): Outlet<T> {
  let items: T[] = []
  let failure: DOMException | undefined
  let announce = (): void => {}
  const failed = new Promise<void>(resolve => { announce = resolve })
  return {
    failed,
    put (item) { items.push(item) },
    fail (error) {
      failure = error
      announce()
    },
    fetch () {
      if (failure !== undefined) throw new OpusUnavailableError(`the browser's codec failed: ${failure.message}`, { cause: failure })
      const fetched = items
      items = []
      return fetched
    }
  }
}

/** Waits until the codec has worked off enough of its queue. */
async function drain (codec: AudioEncoder | AudioDecoder, failed: Promise<void>, queued: () => number): Promise<void> {
  while (codec.state === 'configured' && queued() > MAX_IN_FLIGHT) {
    await Promise.race([failed, new Promise(resolve => { codec.addEventListener('dequeue', resolve, { once: true }) })])
  }
}

async function createEncoder ({ channels = 1, bitrate = 32_000, fec = false, dtx = false }: OpusEncoderInit = {}): Promise<OpusEncoder> {
  if (!(bitrate >= 6_000 && bitrate <= 510_000)) throw new InvalidArgumentError(`Opus takes 6,000 to 510,000 bits per second, not ${bitrate}`)
  if (typeof AudioEncoder === 'undefined') throw new OpusUnavailableError('this browser has no AudioEncoder')
  const config = {
    codec: 'opus',
    sampleRate: OPUS_RATE_HZ,
    numberOfChannels: channels,
    bitrate,
    // Fields of the Opus registration that TypeScript's DOM types do not have.
    opus: { application: 'audio', signal: 'voice', frameDuration: 20_000, useinbandfec: fec, packetlossperc: fec ? 10 : 0, usedtx: dtx }
  }
  const { supported } = await AudioEncoder.isConfigSupported(config)
  if (supported !== true) throw new OpusUnavailableError('this browser does not encode Opus')
  const outlet = createOutlet<{ data: Uint8Array, block: number }>()
  const encoder = new AudioEncoder({
    output (chunk) {
      const data = new Uint8Array(chunk.byteLength)
      chunk.copyTo(data)
      outlet.put({ data, block: Math.round(chunk.timestamp * OPUS_RATE_HZ / MICROSECONDS / FRAME_SAMPLES) })
    },
    error: outlet.fail
  })
  encoder.configure(config)
  let taken = 0
  let given = 0
  let toc = 31 << 3
  /** During silence the browser may leave packets out: each block still gets one. */
  const packets = (until: number | undefined): Uint8Array[] => {
    const ready: Uint8Array[] = []
    const filler = (block: number): void => { for (; given < block; given++) ready.push(Uint8Array.of(toc & 0xfc)) }
    for (const { data, block } of outlet.fetch()) {
      // Chromium pushes its own look-ahead out with silence: one packet more than was asked for.
      if (given === taken) break
      filler(Math.min(block, taken - 1))
      toc = data[0] ?? toc
      ready.push(data)
      given++
    }
    if (until !== undefined) filler(until)
    return ready
  }
  return {
    async encode (block) {
      if (block.length !== FRAME_SAMPLES * channels) throw new InvalidArgumentError(`A block has ${FRAME_SAMPLES * channels} samples, not ${block.length}`)
      const data = new AudioData({ format: 'f32', sampleRate: OPUS_RATE_HZ, numberOfChannels: channels, numberOfFrames: FRAME_SAMPLES, timestamp: Math.round(taken++ * FRAME_SAMPLES * MICROSECONDS / OPUS_RATE_HZ), data: new Float32Array(block) })
      encoder.encode(data)
      data.close()
      await drain(encoder, outlet.failed, () => encoder.encodeQueueSize)
      return packets(undefined)
    },
    async flush () {
      await encoder.flush()
      return packets(taken)
    },
    close () { if (encoder.state !== 'closed') encoder.close() }
  }
}

async function createDecoder ({ channels = 1 }: OpusDecoderInit = {}): Promise<OpusDecoder> {
  if (typeof AudioDecoder === 'undefined') throw new OpusUnavailableError('this browser has no AudioDecoder')
  const config = { codec: 'opus', sampleRate: OPUS_RATE_HZ, numberOfChannels: channels }
  const { supported } = await AudioDecoder.isConfigSupported(config)
  if (supported !== true) throw new OpusUnavailableError('this browser does not decode Opus')
  const outlet = createOutlet<Float32Array>()
  const decoder = new AudioDecoder({
    output (data) {
      outlet.put(interleaved(data, channels))
      data.close()
    },
    error: outlet.fail
  })
  decoder.configure(config)
  let samples = 0
  return {
    async decode (packet) {
      const duration = checkedDuration(packet)
      decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: Math.round(samples * MICROSECONDS / OPUS_RATE_HZ), data: packet }))
      samples += duration
      await drain(decoder, outlet.failed, () => decoder.decodeQueueSize)
      return outlet.fetch()
    },
    async flush () {
      await decoder.flush()
      return outlet.fetch()
    },
    close () { if (decoder.state !== 'closed') decoder.close() }
  }
}

/** Copies what was decoded, in the channels that were asked for. */
function interleaved (data: AudioData, channels: number): Float32Array {
  const planes = Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(data.numberOfFrames)
    data.copyTo(plane, { planeIndex, format: 'f32-planar' })
    return plane
  })
  const output = new Float32Array(data.numberOfFrames * channels)
  for (let frame = 0; frame < data.numberOfFrames; frame++) {
    const mean = planes.reduce((sum, plane) => sum + (plane[frame] ?? 0), 0) / planes.length
    for (let channel = 0; channel < channels; channel++) output[frame * channels + channel] = planes.length === channels ? planes[channel]?.[frame] ?? 0 : mean
  }
  return output
}
