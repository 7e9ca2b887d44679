import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SpeakOrder } from './speaking-device.ts'

const SCRIPT = fileURLToPath(new URL('./speaking-device.ts', import.meta.url))

/** A process that speaks until it is killed; see speaking-device.ts. */
export interface DoomedSpeaker {
  /** Everything it told, also what is read after the kill. */
  readonly told: {
    opened: boolean
    call: string | undefined
    message: string | undefined
    /** Segments that it was told are safe. */
    acknowledged: number
    ended: boolean
    error: string | undefined
  }
  /** Resolves when it has loaded what it needs. */
  readonly warm: Promise<void>
  speak(order: SpeakOrder): void
  /** Resolves when `fits` holds for what it told, or when the process is gone. */
  until(fits: (told: DoomedSpeaker['told']) => boolean): Promise<void>
  kill(): Promise<void>
}

const alive = new Set<DoomedSpeaker>()

/** Starts a process that has everything loaded when it is told to speak, so that a kill costs no start. */
export function startDoomedSpeaker (folder: string): DoomedSpeaker {
  // Without the source condition the built packages are loaded, which is quicker.
  const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '' } })
  const told: DoomedSpeaker['told'] = { opened: false, call: undefined, message: undefined, acknowledged: 0, ended: false, error: undefined }
  const warm = Promise.withResolvers<void>()
  const checks = new Set<() => void>()
  let gone = false
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    rest += text
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) note(JSON.parse(line) as Record<string, unknown>)
    for (const check of [...checks]) check()
  })
  const note = (event: Record<string, unknown>): void => {
    switch (event['event']) {
      case 'warm': warm.resolve(); break
      case 'opened': told.opened = true; break
      case 'calling': Object.assign(told, { call: event['call'], message: event['message'] }); break
      case 'acknowledged': told.acknowledged = Math.max(told.acknowledged, Number(event['index']) + 1); break
      case 'ended': told.ended = true; break
      case 'error': told.error = String(event['error']); break
    }
  }
  const exit = new Promise<void>(resolve => {
    child.on('close', code => {
      gone = true
      alive.delete(self)
      warm.reject(new Error(`the speaker ended with ${code}`))
      warm.promise.catch(() => {})
      resolve()
      for (const check of [...checks]) check()
    })
  })
  const self: DoomedSpeaker = {
    told,
    warm: warm.promise,
    speak (order) { child.stdin.write(JSON.stringify(order) + '\n') },
    async until (fits) {
      await new Promise<void>(resolve => {
        const check = (): void => {
          if (!gone && !fits(told) && told.error === undefined) return
          checks.delete(check)
          resolve()
        }
        checks.add(check)
        check()
      })
    },
    async kill () {
      child.kill('SIGKILL')
      await exit
    }
  }
  alive.add(self)
  return self
}

/** Ends every speaker that a failed test left behind. */
export async function killSpeakers (): Promise<void> {
  await Promise.all([...alive].map(async speaker => { await speaker.kill() }))
}
