import { open, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { encodeOpus, openAudio, pace, rawPcm, type OpusPacket, type OpusSource, type PcmSource } from '@parley/media'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { FileError, UsageError } from '../errors.ts'
import { wholeNumber } from '../whole-number.ts'

/** Options of every command that speaks. */
export const audioOptions: NonNullable<CommandDefinition['options']> = [
  { flags: '--audio <file>', description: 'WAV, Ogg Opus or WebM file to speak; - for standard input' },
  { flags: '--rate <hz>', description: 'sample rate of raw 16-bit PCM on standard input', default: '48000' },
  { flags: '--channels <n>', description: 'channels of raw PCM on standard input', default: '1' },
  { flags: '--bitrate <bits>', description: 'Opus bit rate', default: '32000' },
  { flags: '--fast', description: 'do not wait as long as speaking takes' }
]

export interface SpokenInput {
  packets: AsyncGenerator<OpusPacket>
  /** Length of a file that tells it. */
  durationMs?: number
  live: boolean
}

/** Opens what `--audio` names as Opus packets, paced as they would be spoken unless `--fast`. */
export async function spokenInput ({ io }: CommandContext, options: Record<string, unknown>): Promise<SpokenInput> {
  const name = options['audio'] as string | undefined
  if (name === undefined) throw new UsageError('Say what to speak with --audio FILE, or --audio - for standard input')
  // A spoken message always has the encoder's own look-ahead in front, so that it can be played before its manifest is known.
  const bitrate = wholeNumber('--bitrate', options['bitrate'], 6000, 510_000)
  const live = name === '-'
  const source = live ? await standardInput(io.stdin, options) : await openAudio(fileBytes(resolve(io.cwd, name)))
  const packets = encodeOpus(source, {}, { bitrate, passThrough: false })
  return {
    packets: options['fast'] === true || live ? packets : pace(packets, { clock: io.clock }),
    ...(source.durationMs === undefined ? {} : { durationMs: source.durationMs }),
    live
  }
}

/** A pipe carries a file when it begins like one, else raw PCM from a microphone. */
async function standardInput (stdin: AsyncIterable<Uint8Array>, options: Record<string, unknown>): Promise<PcmSource | OpusSource> {
  const input = stdin[Symbol.asyncIterator]()
  const first = await input.next()
  const head = first.done === true ? new Uint8Array(0) : first.value
  const rest = (async function * (): AsyncGenerator<Uint8Array> {
    if (first.done !== true) yield first.value
    for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value
  })()
  const magic = Buffer.from(head.subarray(0, 4)).toString('latin1')
  if (magic === 'RIFF' || magic === 'OggS' || magic === '\u001aE\u00df\u00a3') return await openAudio(rest)
  return rawPcm(rest, {
    sampleRateHz: wholeNumber('--rate', options['rate'], 8000, 192_000),
    channels: wholeNumber('--channels', options['channels'], 1, 2)
  })
}

async function * fileBytes (path: string): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    yield * file.createReadStream({ autoClose: false, highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>
  } catch (cause) {
    throw new FileError(`${path} cannot be read`, { cause })
  } finally {
    await file?.close()
  }
}
