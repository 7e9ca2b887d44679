import { silentLogger, type LogFields, type Logger } from '@parley/core'
import type { Io } from './io.ts'

/** A logger that prints lines of words to standard error; silent unless `verbose`. */
export function createLogger (io: Io, { verbose }: { verbose: boolean }): Logger {
  return verbose ? printer(io, 'parley') : silentLogger
}

function printer (io: Io, component: string): Logger {
  const line = (level: string) => (message: string, fields: LogFields = {}): void => {
    const told = Object.entries(fields).map(([key, value]) => ` ${key}=${word(value)}`).join('')
    io.err(`${new Date(io.clock.now()).toISOString()} ${level} ${component}: ${message}${told}\n`)
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'), child: name => printer(io, name) }
}

function word (value: unknown): string {
  if (value instanceof Error) return JSON.stringify(`${value.name}: ${value.message}`)
  if (typeof value === 'string') return /\s/.test(value) ? JSON.stringify(value) : value
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value) ?? 'undefined'
}
