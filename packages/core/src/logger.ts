/** Small fields of one log line. Never bodies, keys or descriptions of media. */
export type LogFields = Record<string, unknown>

/**
 * Where a component tells what happens: `info` is one line a lifecycle
 * transition, `warn` was recovered from, `error` was given up on.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** Returns a logger whose lines carry `name` as their component. */
  child(name: string): Logger
}

/** Says nothing: the default of every library component. */
export const silentLogger: Logger = {
  debug () {},
  info () {},
  warn () {},
  error () {},
  child () { return silentLogger }
}
