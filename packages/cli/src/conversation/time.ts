import { UsageError } from '../errors.ts'

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 24 * 3_600_000, w: 7 * 24 * 3_600_000 }

/**
 * Reads a time: a date with or without a time of day, in the zone of the
 * machine unless it names one, or how far from now, as `2h`, `30m`, `7d`.
 * Returns wall milliseconds.
 *
 * @throws {UsageError} with the flag's name and what it takes
 */
export function readTime (flag: string, text: string, { now, isPast = false }: { now: number, isPast?: boolean }): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text.trim()) ?? []
  if (count !== undefined) return Math.floor(now + (isPast ? -1 : 1) * Number(count) * (UNITS_MS[unit] ?? 0))
  // A date alone is a day in the zone of whoever writes it; `Date` would take it for one in UTC.
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text)
  if (!(at > 0)) throw new UsageError(`${flag} takes a date such as 2031-05-20 or 2031-05-20T09:00, or how far it is from now, such as 30m, 2h or 7d, not "${text}"`)
  return at
}

/** A time as `--json` tells it. */
export function iso (at: number): string {
  return new Date(at).toISOString()
}
