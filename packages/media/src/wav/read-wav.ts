import type { AbortOptions } from '@parley/core'
import type { OnDamage, PcmSource } from '../audio.ts'
import type { ByteReader } from '../byte-reader.ts'
import { DamagedAudioError } from '../errors.ts'
import { parseWavFormat, samplesOf, type WavFormat } from './wav-format.ts'

/** Data of a stream whose writer did not know its length carry this, or 0, as their size. */
const UNKNOWN_SIZE = 0xffff_ffff
const MAX_FORMAT_BYTES = 4096
const READ_BYTES = 64 * 1024

/**
 * Reads a WAV file (RIFF, or RF64 of EBU Tech 3306 for more than 4 GiB) up to
 * its samples; those are read as they are asked for.
 *
 * @throws {UnsupportedAudioError | DamagedAudioError}
 */
export async function readWav (reader: ByteReader, { onDamage }: { onDamage?: OnDamage | undefined } = {}): Promise<PcmSource> {
  await reader.take(12)
  let format: WavFormat | undefined
  let longSize: number | undefined
  for (;;) {
    const at = reader.offset
    const head = await reader.take(8)
    if (head.length < 8) throw new DamagedAudioError(format === undefined ? 'the file ends before its format chunk' : 'the file ends before its samples', at + head.length)
    const id = String.fromCharCode(...head.subarray(0, 4))
    const size = new DataView(head.buffer, head.byteOffset).getUint32(4, true)
    if (id === 'data') {
      if (format === undefined) throw new DamagedAudioError('samples come before their format', at)
      const known = size === UNKNOWN_SIZE ? longSize : size === 0 ? await sizeOfEmpty(reader) : size
      return sourceOf(reader, format, known, onDamage)
    }
    if (id === 'fmt ') {
      if (size > MAX_FORMAT_BYTES) throw new DamagedAudioError(`a format chunk of ${size} bytes`, at)
      format = parseWavFormat(await reader.take(size), at)
    } else if (id === 'ds64') {
      longSize = dataSizeOf(await reader.take(Math.min(size, MAX_FORMAT_BYTES)), at)
      await reader.skip(Math.max(0, size - MAX_FORMAT_BYTES))
    } else {
      await reader.skip(size)
    }
    // Chunks begin at even places; some writers forget it.
    if (size % 2 === 1 && (await reader.peek(1))[0] === 0) await reader.skip(1)
  }
}

function dataSizeOf (chunk: Uint8Array, at: number): number {
  if (chunk.length < 16) throw new DamagedAudioError(`a ds64 chunk of ${chunk.length} bytes`, at)
  return Number(new DataView(chunk.buffer, chunk.byteOffset).getBigUint64(8, true))
}

/** A size of 0 with bytes behind it was never filled in, unless another chunk follows. */
async function sizeOfEmpty (reader: ByteReader): Promise<number | undefined> {
  const next = await reader.peek(4)
  const isChunk = next.length === 4 && ['LIST', 'fact', 'cue ', 'bext', 'id3 ', 'INFO', 'JUNK'].includes(String.fromCharCode(...next))
  return next.length === 0 || isChunk ? 0 : undefined
}

function sourceOf (reader: ByteReader, format: WavFormat, size: number | undefined, onDamage: OnDamage | undefined): PcmSource {
  const { sampleRateHz, channels, frameBytes } = format
  return {
    kind: 'pcm',
    format: { sampleRateHz, channels },
    durationMs: size === undefined ? undefined : Math.floor(size / frameBytes) * 1000 / sampleRateHz,
    read: options => readSamples(reader, format, size, onDamage, options)
  }
}

async function * readSamples (reader: ByteReader, format: WavFormat, size: number | undefined, onDamage: OnDamage | undefined, { signal }: AbortOptions = {}): AsyncGenerator<Float32Array> {
  try {
    const blockBytes = Math.floor(READ_BYTES / format.frameBytes) * format.frameBytes
    let left = size ?? Infinity
    while (left > 0) {
      signal?.throwIfAborted()
      const bytes = await reader.take(Math.min(blockBytes, left))
      left -= bytes.length
      const whole = bytes.subarray(0, bytes.length - bytes.length % format.frameBytes)
      if (whole.length > 0) yield samplesOf(whole, format)
      if (bytes.length === blockBytes || left === 0) continue
      if (size !== undefined) onDamage?.({ kind: 'truncated', offset: reader.offset, message: `the file ends ${left} bytes before its samples do` })
      return
    }
  } finally {
    await reader.close()
  }
}
