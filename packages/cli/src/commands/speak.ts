import type { CallResult, VoiceCall } from 'parley'
import type { CommandContext } from '../command.ts'
import { EXIT } from '../io.ts'
import { clockTime } from '../output.ts'
import { createProgressLine } from '../progress.ts'
import type { SpokenInput } from './audio-input.ts'

const REACH_WORDS = {
  live: 'is there',
  ringing: 'is being rung; what you say is kept meanwhile',
  busy: 'is busy; what you say is kept for them',
  'proxy-only': 'proxy only: nobody is there, what you say is kept for them',
  unreachable: 'cannot be reached just now; what you say is kept on this device and goes out later'
} as const

/** Follows a call to its end, telling each step, and returns the exit code. */
export async function followCall (context: CommandContext, call: VoiceCall, who: string, input: SpokenInput): Promise<number> {
  const { io, output, options } = context
  const progress = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
  let acknowledgedMs = 0
  const off = [
    call.on('reach', reach => {
      progress.end()
      output.event({ event: 'reach', call: call.call, reach }, `${who}: ${REACH_WORDS[reach]}`)
    }),
    call.on('recorded', ({ durationMs, index }) => {
      output.event({ event: 'recorded', index, durationMs })
      const total = input.durationMs === undefined ? '' : ` / ${clockTime(input.durationMs)}`
      progress.update(`Speaking ${clockTime(durationMs)}${total}, kept ${clockTime(acknowledgedMs)}${bar(durationMs, input.durationMs)}`)
    }),
    call.on('acknowledged', ({ index, durationMs }) => {
      acknowledgedMs = durationMs
      output.event({ event: 'acknowledged', index, durationMs })
    }),
    call.on('paused', ({ reason, detail }) => {
      progress.end()
      output.event({ event: 'paused', reason, detail }, `${who}'s proxy cannot keep more just now: ${detail}`)
    }),
    call.on('resumed', () => {
      output.event({ event: 'resumed' }, `${who}'s proxy goes on keeping what you say`)
    })
  ]
  const hangUp = (): void => { call.hangUp() }
  io.signal.addEventListener('abort', hangUp, { once: true })
  const result = await call.ended
  io.signal.removeEventListener('abort', hangUp)
  for (const stop of off) stop()
  progress.end()
  tellEnd(context, result, who)
  return { stored: EXIT.ok, kept: EXIT.keptLocally, failed: EXIT.failed }[result.status]
}

function tellEnd ({ output }: CommandContext, result: CallResult, who: string): void {
  const seconds = `${(result.durationMs / 1000).toFixed(1)} s`
  const words = {
    stored: `Stored for ${who}: ${seconds} in conversation ${result.conversation.toString()}`,
    kept: `Kept on this device: ${seconds}. ${result.reason ?? `${who} could not be reached`}; it goes out with the next \`parley inbox\` or while \`parley device start\` runs`,
    failed: `The call failed: ${result.reason ?? 'nothing was recorded'}`
  }[result.status]
  if (output.json) output.event({ event: 'ended', ...result, conversation: result.conversation.toString() })
  else output.result(undefined, words)
}

function bar (doneMs: number, totalMs: number | undefined): string {
  if (totalMs === undefined || totalMs <= 0) return ''
  const filled = Math.min(20, Math.round(20 * doneMs / totalMs))
  return `  [${'#'.repeat(filled)}${'.'.repeat(20 - filled)}]`
}
