import type { Io } from './io.ts'

/** One line that is drawn again in place on a terminal, or now and then as a line of its own where there is none. */
export interface ProgressLine {
  update(text: string): void
  /** Clears the line, so that what follows starts on a clean one. */
  end(): void
}

/** Where nobody watches a terminal, a line is printed at most this often. */
const PLAIN_EVERY_MS = 2000

export function createProgressLine (io: Io, { enabled }: { enabled: boolean }): ProgressLine {
  if (!enabled) return { update () {}, end () {} }
  let drawn = false
  let lastPlainMs = -Infinity
  return {
    update (text) {
      if (io.stderrIsTerminal) {
        io.err(`\r\u001b[K${text.slice(0, Math.max(20, io.columns - 1))}`)
        drawn = true
      } else if (io.clock.monotonicNow() - lastPlainMs >= PLAIN_EVERY_MS) {
        lastPlainMs = io.clock.monotonicNow()
        io.err(text + '\n')
      }
    },
    end () {
      if (drawn) io.err('\r\u001b[K')
      drawn = false
    }
  }
}

const BLOCKS = ' ▁▂▃▄▅▆▇█'

/** Draws peaks (0–255) as a line of at most `width` blocks. */
export function sparkline (peaks: Uint8Array, width: number): string {
  if (peaks.length === 0 || width <= 0) return ''
  const columns = Math.min(width, peaks.length)
  let line = ''
  for (let column = 0; column < columns; column++) {
    const from = Math.floor(column * peaks.length / columns)
    const to = Math.max(from + 1, Math.floor((column + 1) * peaks.length / columns))
    const highest = peaks.subarray(from, to).reduce((most, peak) => Math.max(most, peak), 0)
    line += BLOCKS[Math.round(highest / 255 * (BLOCKS.length - 1))]
  }
  return line
}
