import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants

/** A test that takes this long gets a line of its own. */
const SLOW_MS = 2000
/** What is still open this long after the last test would keep the process alive. */
const LINGER_MS = 10_000

interface Tally { passed: number, failed: number, skipped: number, startedMs: number }

/**
 * Prints a line for each `describe` at the top, with its counts, and each
 * failure and skipped test as it happens; PARLEY_TEST_LINES=each prints every
 * test. Counts go as JSON to the file that PARLEY_TEST_REPORT names.
 */
export default class LineReporter extends Mocha.reporters.Base {
  constructor (runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const total: Tally = { passed: 0, failed: 0, skipped: 0, startedMs: Date.now() }
    const each = process.env.PARLEY_TEST_LINES === 'each'
    let suite: Tally = { ...total }
    const count = (key: 'passed' | 'failed' | 'skipped'): void => { total[key]++; suite[key]++ }
    runner.on(EVENT_SUITE_BEGIN, entry => {
      if (entry.parent?.root !== true) return
      suite = { passed: 0, failed: 0, skipped: 0, startedMs: Date.now() }
      if (each) console.log(entry.title)
    })
    runner.on(EVENT_TEST_PASS, test => {
      count('passed')
      if (each || (test.duration ?? 0) >= SLOW_MS) console.log(`  ✓ ${each ? test.title : test.fullTitle()} (${seconds(test.duration ?? 0)})`)
    })
    runner.on(EVENT_TEST_PENDING, test => {
      count('skipped')
      console.log(`  - skipped: ${test.fullTitle()}`)
    })
    runner.on(EVENT_TEST_FAIL, (test, error: Error) => {
      count('failed')
      console.log(`  ✗ ${test.fullTitle()}\n${indented(error)}`)
    })
    runner.on(EVENT_SUITE_END, entry => {
      if (entry.parent?.root !== true || each) return
      console.log(`${suite.failed === 0 ? '✓' : '✗'} ${entry.title}: ${words(suite)} (${seconds(Date.now() - suite.startedMs)})`)
    })
    runner.once(EVENT_RUN_END, () => {
      const { passed, failed, skipped } = total
      writeReport({ passed, failed, skipped })
      setTimeout(() => {
        // Written, because mocha sets the exit code by its own count.
        writeReport({ passed, failed: failed + 1, skipped })
        endLingering()
      }, LINGER_MS).unref()
    })
  }
}

function writeReport (counts: { passed: number, failed: number, skipped: number }): void {
  const file = process.env.PARLEY_TEST_REPORT
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
}

/** Ends a process that its tests left something open in, as a failure: whatever they started they did not stop. */
function endLingering (): void {
  const open = process.getActiveResourcesInfo().filter(name => name !== 'TTYWrap' && name !== 'PipeWrap')
  console.log(`  ✗ the tests ended but the process does not; still open: ${open.join(', ')}`)
  process.exit(70)
}

function words ({ passed, failed, skipped }: Tally): string {
  return [`${passed} passed`, failed > 0 ? `${failed} failed` : '', skipped > 0 ? `${skipped} skipped` : ''].filter(Boolean).join(', ')
}

function seconds (durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`
}

function indented (error: Error & { actual?: unknown, expected?: unknown, showDiff?: boolean }): string {
  const stack = typeof error.stack === 'string' ? error.stack : String(error)
  const values = error.showDiff === true ? `\nexpected: ${inspectShort(error.expected)}\nactual:   ${inspectShort(error.actual)}` : ''
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : ''
  return `${stack}${values}${cause}`.split('\n').filter(line => !line.includes('node_modules/mocha/')).map(line => `      ${line}`).join('\n')
}

function inspectShort (value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, (_key, entry: unknown) => typeof entry === 'bigint' ? `${entry}n` : entry) ?? String(value)
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text
}
