import type { Io } from './io.ts'
import { forTerminal, jsonForTerminal, oneLine } from './terminal-text.ts'

/** How a command tells its result: words for people, or JSON for programs. Control characters, whoever wrote them, never reach the terminal. */
export interface Output {
  readonly json: boolean
  /** Prints the result: `text` for people, `value` as one JSON object with `--json`. */
  result(value: unknown, text: string): void
  /** Prints one event of a stream: a line of JSON, or a line of words when there are any. */
  event(value: Record<string, unknown>, text?: string): void
  /** Says something that is not the result, to standard error; silent with `--json` or `--quiet`. */
  say(text: string): void
}

export function createOutput (io: Io, { json, quiet }: { json: boolean, quiet: boolean }): Output {
  return {
    json,
    result (value, text) {
      io.out(json ? jsonForTerminal(value) + '\n' : ensureNewline(forTerminal(text)))
    },
    event (value, text) {
      if (json) io.out(jsonForTerminal(value) + '\n')
      else if (text !== undefined && !quiet) io.err(ensureNewline(forTerminal(text)))
    },
    say (text) {
      if (!json && !quiet) io.err(ensureNewline(forTerminal(text)))
    }
  }
}

function ensureNewline (text: string): string {
  return text === '' || text.endsWith('\n') ? text : text + '\n'
}

/** Sets rows of cells in columns, as wide as their widest cell; each row is one line. */
export function table (head: string[], cells: string[][]): string {
  const rows = cells.map(row => row.map(oneLine))
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
  return [head, ...rows].map(line).join('\n') + '\n'
}

/** Milliseconds as people read them: `0:07`, `12:31`, `1:02:09`. */
export function clockTime (durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** A moment as people read it, in the zone of the machine. */
export function moment (atMs: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const at = new Date(atMs)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}
