import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './repository.ts'

/** How a command is run. */
export interface CommandInit {
  cwd?: string
  env?: Record<string, string>
  /** Put before each line that it prints, to tell parallel commands apart; without it the command has the terminal. */
  prefix?: string
  /** Ends the command, and all that it started, when it takes longer. */
  timeoutMs?: number
}

/** How a command ended; `code` is undefined when a signal ended it. */
export interface CommandOutcome {
  code: number | undefined
  timedOut: boolean
}

/** Runs a command whose output is shown while it is made. */
export async function runCommand (command: string, args: string[], { cwd = root, env = {}, prefix, timeoutMs = 20 * 60_000 }: CommandInit = {}): Promise<CommandOutcome> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`, ...env },
    stdio: ['ignore', prefix === undefined ? 'inherit' : 'pipe', prefix === undefined ? 'inherit' : 'pipe'],
    // A group of its own, so that what the command started ends with it.
    detached: true
  })
  if (prefix !== undefined) {
    for (const stream of [child.stdout, child.stderr]) prefixLines(stream, prefix)
  }
  const endGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group is gone.
    }
  }
  const interrupted = (): void => { endGroup(); process.exit(130) }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  let timedOut = false
  const timer = setTimeout(() => { timedOut = true; endGroup() }, timeoutMs)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => { resolve({ code: code ?? undefined, timedOut }) })
    })
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
  }
}

function prefixLines (stream: NodeJS.ReadableStream | null, prefix: string): void {
  let rest = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) console.log(`${prefix} ${line}`)
  })
  stream?.on('end', () => { if (rest !== '') console.log(`${prefix} ${rest}`) })
}
