import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AudioFormat, OpusPacket, PcmSource } from '../src/index.ts'

/** Gathers what a generator yields. */
export async function all<T> (items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Puts blocks of PCM together. */
export function joinPcm (blocks: Float32Array[]): Float32Array {
  const joined = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0))
  let at = 0
  for (const block of blocks) {
    joined.set(block, at)
    at += block.length
  }
  return joined
}

export function joinBytes (parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** A source over PCM at hand, in blocks of odd sizes. */
export function sourceOf (pcm: Float32Array, format: AudioFormat): PcmSource {
  return {
    kind: 'pcm',
    format,
    async * read () {
      for (let at = 0; at < pcm.length; at += 1009 * format.channels) yield pcm.subarray(at, at + 1009 * format.channels)
    }
  }
}

/** Cuts bytes into parts of uneven sizes, as a pipe would. */
export async function * inParts (bytes: Uint8Array, sizes: number[] = [1, 7, 313, 4096]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

export function sine (frequencyHz: number, sampleRateHz: number, durationMs: number): Float32Array {
  return Float32Array.from({ length: Math.round(sampleRateHz * durationMs / 1000) }, (_, index) => 0.5 * Math.sin(2 * Math.PI * frequencyHz * index / sampleRateHz))
}

export function totalSamples (packets: OpusPacket[]): number {
  return packets.reduce((sum, packet) => sum + packet.samples, 0)
}

/** The shared vectors beside the repository, where they are. */
export function sharedVector (name: string): string | undefined {
  const shared = process.env.PARLEY_SHARED ?? resolve(import.meta.dirname, '../../../../shared')
  const path = resolve(shared, 'vectors', name)
  return existsSync(path) ? path : undefined
}

/** The name of what a call rejects with, or `nothing`. */
export async function nameOf (work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'nothing'
  } catch (error) {
    return (error as Error).name
  }
}

/** A WAV file put together by hand. */
export function wavFile ({ tag, bits, channels = 1, rate = 48_000, data, extensible = false, before = [], size }: { tag: number, bits: number, channels?: number, rate?: number, data: Uint8Array, extensible?: boolean, before?: Uint8Array[], size?: number }): Uint8Array {
  const fmt = Buffer.alloc(extensible ? 40 : 16)
  fmt.writeUInt16LE(extensible ? 0xfffe : tag, 0)
  fmt.writeUInt16LE(channels, 2)
  fmt.writeUInt32LE(rate, 4)
  fmt.writeUInt32LE(rate * channels * bits / 8, 8)
  fmt.writeUInt16LE(channels * bits / 8, 12)
  fmt.writeUInt16LE(bits, 14)
  if (extensible) {
    fmt.writeUInt16LE(22, 16)
    fmt.writeUInt16LE(bits, 18)
    fmt.writeUInt16LE(tag, 24)
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(fmt, 26)
  }
  const body = [Buffer.from('WAVE'), ...before, chunk('fmt ', fmt), chunk('data', data, size)]
  const length = body.reduce((sum, part) => sum + part.length, 0)
  const head = Buffer.alloc(8)
  head.write('RIFF')
  head.writeUInt32LE(length, 4)
  return joinBytes([head, ...body])
}

export function chunk (id: string, data: Uint8Array, size: number = data.length): Uint8Array {
  const head = Buffer.alloc(8)
  head.write(id)
  head.writeUInt32LE(size, 4)
  return joinBytes([head, data, new Uint8Array(data.length % 2)])
}
