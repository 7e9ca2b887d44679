import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Counts, Options } from './part.ts'
import { root } from './repository.ts'
import { runCommand } from './run-command.ts'

/** How a process of tests is run. */
export interface MochaInit {
  /** Put before each line, for processes that run beside others. */
  prefix?: string
  env?: Record<string, string>
  /** One test may take this long unless it says otherwise. */
  testTimeoutMs?: number
  timeoutMs: number
}

/** Runs spec files in one process of mocha, from TypeScript source, and returns its counts. */
export async function runMocha (files: string[], { grep }: Options, { prefix, env = {}, testTimeoutMs = 10_000, timeoutMs }: MochaInit): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-tests-'))
  const report = join(folder, 'report.json')
  const name = prefix ?? 'mocha'
  try {
    const { code, timedOut } = await runCommand('node', [
      '--conditions=parley-source', join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config',
      '--reporter', join(root, 'scripts/parts/mocha-reporter.ts'), '--timeout', String(testTimeoutMs),
      ...grep === undefined ? [] : ['--grep', grep], ...files
    ], { env: { PARLEY_TEST_REPORT: report, ...env }, timeoutMs, ...prefix === undefined ? {} : { prefix } })
    const reported = existsSync(report)
    const counts = reported ? JSON.parse(readFileSync(report, 'utf8')) as Counts : { passed: 0, failed: 0, skipped: 0 }
    if (timedOut) console.log(`${name} ✗ took longer than ${timeoutMs / 1000} s and was ended`)
    // A process that could not load its files, crashed or left early is a failure that no test counted.
    if (!reported || ((code !== 0 || timedOut) && counts.failed === 0)) {
      if (!timedOut) console.log(`${name} ✗ the process of the tests ended with ${code === undefined ? 'a signal' : `code ${code}`}`)
      counts.failed++
    }
    return counts
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
