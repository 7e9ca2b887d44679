import type { LogFields, Logger } from '@parley/core'

/** Prints every line; for looking into a test that fails. */
export function consoleLogger (name = ''): Logger {
  const line = (level: string) => (message: string, fields: LogFields = {}): void => {
    console.log(level, name, message, Object.entries(fields).map(([key, value]) => `${key}=${value instanceof Error ? `${value.name}: ${value.message}${value.cause instanceof Error ? ` <- ${value.cause.message}` : ''}` : String(value)}`).join(' '))
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'), child: child => consoleLogger(`${name}/${child}`) }
}
