import { UsageError } from './errors.ts'

/** Reads the value of a flag. @throws {UsageError} with the flag's name and what it takes */
export function wholeNumber (flag: string, text: unknown, least: number, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new UsageError(`${flag} takes a whole number from ${least} to ${most}, not "${String(text)}"`)
}
