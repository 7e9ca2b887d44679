import { raceSignal } from '@parley/core'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'

/** Asks whoever sits at standard input, line by line. */
export interface Questions {
  /**
   * Prints a question to standard error and returns the answer without white
   * space around it.
   *
   * @throws {UsageError} when standard input ends before there is one
   */
  ask(question: string): Promise<string>
  /** Asks something that only a clear yes allows. */
  confirm(question: string): Promise<boolean>
}

/** An answer is a line; nobody types more than this. */
const MAX_LINE_LENGTH = 64 * 1024

/** Begins to read standard input with the first question. */
export function createQuestions (io: Io): Questions {
  const chunks = io.stdin[Symbol.asyncIterator]()
  const decoder = new TextDecoder()
  let rest = ''
  let isOver = false

  const readLine = async (): Promise<string | undefined> => {
    for (;;) {
      const end = rest.indexOf('\n')
      if (end >= 0) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 1)
        return line
      }
      if (isOver) {
        const last = rest
        rest = ''
        return last === '' ? undefined : last
      }
      if (rest.length > MAX_LINE_LENGTH) throw new UsageError('The answer on standard input is too long')
      const next: IteratorResult<Uint8Array, unknown> = await raceSignal(chunks.next(), io.signal)
      if (next.done === true) isOver = true
      else rest += decoder.decode(next.value, { stream: true })
    }
  }

  const ask = async (question: string): Promise<string> => {
    io.err(question)
    const line = await readLine()
    if (line === undefined) throw new UsageError('This needs an answer on standard input, and there is none. Run it in a terminal, or pipe the answer in')
    return line.trim()
  }
  return {
    ask,
    confirm: async question => /^(y|yes)$/i.test(await ask(`${question} [yes/no] `))
  }
}
