import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../packages/cli/bin/parley.mjs', import.meta.url))

/** One event of a command's `--json` output. */
export type JsonEvent = Record<string, unknown> & {
  event?: string
  /** When this process read it, by performance.now(). */
  readonly seenAtMs: number
}

/** A running `parley` command. */
export interface ParleyProcess {
  readonly child: ChildProcessWithoutNullStreams
  /** Every JSON line so far. */
  readonly events: JsonEvent[]
  stdout(): string
  stderr(): string
  /** Resolves with the first event, seen or to come, that fits; rejects when the process ends without one. */
  event(fits: string | ((event: JsonEvent) => boolean)): Promise<JsonEvent>
  /** Resolves with the exit code, or the signal's name. */
  readonly exit: Promise<number | string>
  /** Asks the process to end and waits. */
  stop(): Promise<number | string>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

const running = new Set<ParleyProcess>()

export interface StartInit {
  env?: Record<string, string>
  /** Arguments for Node itself. */
  execArgv?: string[]
}

/** Starts the built `parley` command, always with `--json`. */
export function startParley (args: string[], { env = {}, execArgv = [] }: StartInit = {}): ParleyProcess {
  const child = spawn(process.execPath, [...execArgv, BIN, ...args, '--json'], { env: { ...cleanEnvironment(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const events: JsonEvent[] = []
  const waiting = new Set<() => void>()
  let out = ''
  let err = ''
  let rest = ''
  let ended = false
  const wake = (): void => { for (const check of [...waiting]) check() }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    rest += text
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      try {
        events.push({ ...JSON.parse(line) as Record<string, unknown>, seenAtMs: performance.now() })
      } catch {
        events.push({ event: 'not-json', line, seenAtMs: performance.now() })
      }
    }
    wake()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text })
  const exit = new Promise<number | string>(resolve => {
    child.on('close', (code, signal) => {
      ended = true
      running.delete(self)
      resolve(code ?? signal ?? 'unknown')
      wake()
    })
  })
  const self: ParleyProcess = {
    child,
    events,
    stdout: () => out,
    stderr: () => err,
    exit,
    async event (fits) {
      const test = typeof fits === 'string' ? (event: JsonEvent) => event.event === fits : fits
      return await new Promise((resolve, reject) => {
        const check = (): void => {
          const found = events.find(test)
          if (found === undefined && !ended) return
          waiting.delete(check)
          if (found !== undefined) resolve(found)
          else reject(new Error(`parley ${args.join(' ')} ended without the event ${String(fits)}\n${out}\n${err}`))
        }
        waiting.add(check)
        check()
      })
    },
    async stop () {
      child.kill('SIGTERM')
      return await exit
    },
    async kill () {
      child.kill('SIGKILL')
      await exit
    }
  }
  running.add(self)
  return self
}

/** Process ids of the commands that run now. */
export function runningPids (): number[] {
  return [...running].flatMap(({ child: { pid } }) => pid ?? [])
}

/** Runs a command to its end and returns its one JSON result; a failing command throws with all it said. */
export async function parley (args: string[], options: StartInit = {}): Promise<JsonEvent> {
  const process = startParley(args, options)
  process.child.stdin.end()
  const code = await process.exit
  if (code !== 0) throw new Error(`parley ${args.join(' ')} ended with ${code}\n${process.stdout()}\n${process.stderr()}`)
  return process.events.at(-1) ?? { seenAtMs: performance.now() }
}

/** Ends every process that a failed test left behind. */
export async function killAll (): Promise<void> {
  await Promise.all([...running].map(async process => { await process.kill() }))
}

/** The environment without what would point a command at somebody's real data. */
export function cleanEnvironment (): NodeJS.ProcessEnv {
  const { PARLEY_DATA: _data, PARLEY_PASSPHRASE: _passphrase, XDG_DATA_HOME: _home, NODE_OPTIONS: _options, ...rest } = process.env
  // A scenario that watches its commands loads something into each of them.
  const { PARLEY_TEST_NODE_OPTIONS: nodeOptions } = process.env
  return { ...rest, NODE_NO_WARNINGS: '1', ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }) }
}
