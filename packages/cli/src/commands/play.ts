import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { OPUS_PRE_SKIP, oggOpusPages, type OpusPacket } from '@parley/media'
import { concat } from 'uint8arrays'
import type { InboxEntry, Parley, SpokenSegment } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { FileError } from '../errors.ts'
import { clockTime } from '../output.ts'
import { createProgressLine, sparkline } from '../progress.ts'
import { messageNumber } from './call.ts'
import { findEntry } from './inbox.ts'

export const play: CommandDefinition = {
  usage: 'play <n>',
  summary: 'play message n of the inbox, also while it is being spoken, and mark it played',
  options: [
    { flags: '--out <file>', description: 'write Ogg Opus to a file; - for standard output (default: parley-message-<n>.ogg)' },
    { flags: '--keep-unplayed', description: 'do not tell anybody that it was played' }
  ],
  examples: ['parley play 3', 'parley play 3 --out message.ogg', 'parley play 3 --out - | ffplay -nodisp -autoexit -'],
  async action (context, [number = ''], options) {
    await context.withParley(async parley => {
      const entry = await findEntry(parley, messageNumber(number), context.io.signal)
      const out = (options['out'] as string | undefined) ?? `parley-message-${entry.n}.ogg`
      const heard = await writeMessage(context, parley, entry, out)
      if (options['keepUnplayed'] !== true) await parley.markPlayed(entry.n, { positionMs: heard.durationMs, done: heard.complete })
      const after = await parley.entry(entry.n)
      const told = out === '-' ? '' : ` Written to ${resolve(context.io.cwd, out)}`
      const result = { n: entry.n, out: out === '-' ? null : resolve(context.io.cwd, out), durationMs: heard.durationMs, state: after.state, segments: heard.segments, firstSegmentMs: heard.firstSegmentMs }
      // Standard output carries the audio itself then.
      if (out === '-') context.output.say(`Played ${clockTime(heard.durationMs)} of ${entry.fromName}.`)
      else context.output.result(result, `${entry.fromName}: ${clockTime(heard.durationMs)}${after.state === 'cut-off' ? ', cut off' : ''}.${told}\n${sparkline(concat(heard.peaks), 60)}\n`)
    })
    return undefined
  }
}

interface Heard { samples: number, durationMs: number, complete: boolean, segments: number, peaks: Uint8Array[], firstSegmentMs: number }

async function writeMessage (context: CommandContext, parley: Parley, entry: InboxEntry, out: string): Promise<Heard> {
  const { io, output, options } = context
  const progress = createProgressLine(io, { enabled: !output.json && options.quiet !== true && out !== '-' })
  const heard: Heard = { samples: 0, durationMs: 0, complete: false, segments: 0, peaks: [], firstSegmentMs: 0 }
  const startedMs = io.clock.monotonicNow()
  const packets = (async function * (): AsyncGenerator<OpusPacket> {
    for await (const segment of parley.listen(entry.n, { signal: io.signal })) {
      if (heard.segments === 0) heard.firstSegmentMs = Math.round(io.clock.monotonicNow() - startedMs)
      note(heard, segment)
      output.event({ event: 'segment', index: segment.index, durationMs: heard.durationMs })
      progress.update(`Playing ${clockTime(heard.durationMs)} / ${clockTime(Math.max(entry.durationMs, heard.durationMs))}`)
      yield * segment.packets
    }
  })()
  const target = out === '-' ? undefined : await createTarget(resolve(io.cwd, out))
  try {
    for await (const page of oggOpusPages(packets)) {
      if (target === undefined) io.out(page)
      else await target.file.write(page)
    }
    await target?.keep()
  } catch (error) {
    await target?.discard()
    throw error
  } finally {
    progress.end()
  }
  return heard
}

function note (heard: Heard, { packets, peaks, last }: SpokenSegment): void {
  heard.segments++
  heard.complete = last
  heard.peaks.push(peaks)
  heard.samples += packets.reduce((samples, packet) => samples + packet.samples, 0)
  // What the encoder puts in front is dropped again when it is played.
  heard.durationMs = Math.max(0, heard.samples - OPUS_PRE_SKIP) / 48
}

/** A file that takes its name only when it is whole, so that a broken export never replaces a good one. */
async function createTarget (path: string): Promise<{ file: FileHandle, keep(): Promise<void>, discard(): Promise<void> }> {
  const temporary = `${path}.part`
  const file = await open(temporary, 'w').catch((cause: unknown) => {
    throw new FileError(`${path} cannot be written`, { cause })
  })
  return {
    file,
    async keep () {
      await file.sync()
      await file.close()
      await rename(temporary, path)
    },
    async discard () {
      await file.close().catch(() => {})
      await rm(temporary, { force: true })
    }
  }
}
