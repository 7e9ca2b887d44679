/**
 * A device that waits until it is told to speak, to be killed while it does:
 *
 *   node test/harness/speaking-device.ts FOLDER
 *
 * It loads everything first and says `warm`. One line of JSON on standard
 * input, a SpeakOrder, makes it open FOLDER and speak; what happens is told as
 * JSON lines, written before anything else is done.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createSystemClock } from '@parley/core'
import { pace, type OpusPacket } from '@parley/media'
import { openParley } from 'parley/node'
import { readPackets } from './packet-file.ts'

export interface SpeakOrder {
  /** File of packets; see packet-file.ts. */
  packets: string
  to: string
  /** Speaks in the time that speaking takes. */
  isPaced: boolean
  /** Brings what is left of earlier calls before it speaks. */
  syncsFirst: boolean
}

const [folder = ''] = process.argv.slice(2)

// A write that is not awaited could be lost with the process, and with it what was promised.
function tell (event: Record<string, unknown>): void {
  writeSync(1, JSON.stringify(event) + '\n')
}

async function speak ({ packets: path, to, isPaced, syncsFirst }: SpeakOrder): Promise<void> {
  const parley = await openParley(folder)
  tell({ event: 'opened' })
  if (syncsFirst) await parley.sync()
  const packets = await readPackets(path)
  const atOnce = async function * (): AsyncGenerator<OpusPacket> { yield * packets }
  const call = await parley.call(to, isPaced ? pace(atOnce(), { clock: createSystemClock() }) : atOnce(), { listenFirstMs: 0 })
  tell({ event: 'calling', call: call.call, message: call.message })
  call.on('acknowledged', ({ index }) => { tell({ event: 'acknowledged', index }) })
  const { status, reason } = await call.ended
  tell({ event: 'ended', status, reason })
}

if (process.argv[1] === import.meta.filename) {
  const lines = createInterface({ input: process.stdin })
  // Whoever orders it about ends: nobody would end this process then.
  lines.on('close', () => { process.exit(1) })
  lines.once('line', line => {
    speak(JSON.parse(line) as SpeakOrder).catch((error: unknown) => {
      tell({ event: 'error', error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    })
  })
  tell({ event: 'warm' })
}
