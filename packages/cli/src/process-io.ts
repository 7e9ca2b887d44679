import { createSystemClock } from '@parley/core'
import type { Io } from './io.ts'

/** The world of this process. The first Ctrl-C asks the command to stop, the second ends the process. */
export function processIo (): Io {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort(new DOMException('Interrupted', 'AbortError'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // A reader that goes away (`parley inbox | head`) is no failure of ours.
  process.stdout.on('error', error => { if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0) })
  return {
    cwd: process.cwd(),
    env: process.env,
    stdin: process.stdin,
    stdinIsTerminal: process.stdin.isTTY,
    stderrIsTerminal: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
    columns: process.stderr.columns ?? 80,
    clock: createSystemClock(),
    signal: controller.signal,
    out (text) { process.stdout.write(text) },
    err (text) { process.stderr.write(text) }
  }
}
