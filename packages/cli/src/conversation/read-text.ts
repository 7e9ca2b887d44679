import { UsageError } from '../errors.ts'
import type { Io } from '../io.ts'
import { readInput } from '../read-input.ts'

/** Takes a text as it is given, or reads it from standard input for `-`, without the line break at its end. @throws {UsageError} when there is none */
export async function readText (io: Io, given: string): Promise<string> {
  const text = given === '-' ? new TextDecoder().decode(await readInput(io, '-')).replaceAll('\r\n', '\n').replace(/\n$/, '') : given
  if (text === '') throw new UsageError('There is no text; give one, or - to read it from standard input')
  return text
}
