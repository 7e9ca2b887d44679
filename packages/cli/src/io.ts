import type { Clock } from '@parley/core'

/**
 * Everything a command may see of the world outside: a command that is run on
 * behalf of another process gets that process's world.
 */
export interface Io {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Bytes of standard input; reading starts when it is iterated. */
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdinIsTerminal: boolean
  /** True when people look at standard error, where progress is drawn. */
  readonly stderrIsTerminal: boolean
  readonly columns: number
  readonly clock: Clock
  /** Aborted when the user asks to stop (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal
  out(text: string | Uint8Array): void
  err(text: string): void
}

/** Exit codes of every command; the help text lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4, keptLocally: 5, storage: 6, interrupted: 130 } as const
