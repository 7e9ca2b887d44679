/** Prints rows of cells under a head, columns aligned. */
export function printTable (head: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string => cells.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)).join('  ').trimEnd()
  console.log(`\n${line(head)}\n${widths.map(width => '─'.repeat(width)).join('  ')}`)
  for (const row of rows) console.log(line(row))
}

/** Says where a ratio stands: `5.1x (goal 4x)`. */
export function ratio (value: number, goal?: number): string {
  const shown = `${value.toPrecision(3)}x`
  return goal === undefined ? shown : `${shown} (goal ${goal}x)`
}

/** Milliseconds with three digits. */
export function ms (value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`
}

/** Operations a second, in words that fit a table. */
export function perSecond (value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)}k/s` : `${value.toFixed(0)}/s`
}
