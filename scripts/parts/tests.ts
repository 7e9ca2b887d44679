import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runMocha } from './mocha.ts'
import { sum, type Counts, type Options, type Part } from './part.ts'
import { filesBelow, packageFolders, root } from './repository.ts'
import { runCommand } from './run-command.ts'

const SPEC = /\.spec\.ts$/
const BROWSER_SPEC = /\.browser\.spec\.ts$/
/** The machines that this runs on have two cores. */
const PARALLEL = 2

export const unit: Part = {
  name: 'unit',
  about: 'the tests of the packages and of the scripts, with coverage',
  async run (options) {
    const groups = [
      ...options.packages.length === 0 ? [{ name: 'scripts', files: filesBelow('scripts/test', SPEC) }] : [],
      ...chosen(options).map(name => ({ name, files: filesBelow(`packages/${name}/test`, SPEC).filter(file => !BROWSER_SPEC.test(file)) }))
    ].filter(group => group.files.length > 0)
    const coverage = mkdtempSync(join(tmpdir(), 'parley-coverage-'))
    try {
      const counts = await inParallel(groups, async ({ name, files }) =>
        await runMocha(files, options, { prefix: `[${name}]`, env: { NODE_V8_COVERAGE: coverage }, timeoutMs: 10 * 60_000 }))
      await printCoverage(coverage, options)
      return sum(counts)
    } finally {
      rmSync(coverage, { recursive: true, force: true })
    }
  }
}

export const scenarios: Part = {
  name: 'scenarios',
  about: 'whole stories with real processes, one after the other',
  async run (options) {
    const files = filesBelow('test', SPEC).filter(file => !BROWSER_SPEC.test(file))
    if (files.length === 0) return sum([])
    return await runMocha(files, options, { env: { PARLEY_TEST_LINES: 'each' }, testTimeoutMs: 120_000, timeoutMs: 40 * 60_000 })
  }
}

export const browser: Part = {
  name: 'browser',
  about: 'the tests that drive Chromium (*.browser.spec.ts)',
  async run (options) {
    const files = [
      ...chosen(options).flatMap(name => filesBelow(`packages/${name}/test`, BROWSER_SPEC)),
      ...options.packages.length === 0 ? filesBelow('test', BROWSER_SPEC) : []
    ]
    if (files.length === 0) return sum([])
    return await runMocha(files, options, { env: { PARLEY_TEST_LINES: 'each' }, testTimeoutMs: 60_000, timeoutMs: 15 * 60_000 })
  }
}

function chosen ({ packages }: Options): string[] {
  return packages.length === 0 ? packageFolders() : packages
}

async function inParallel<T> (items: T[], run: (item: T) => Promise<Counts>): Promise<Counts[]> {
  const queue = [...items]
  const counts: Counts[] = []
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) counts.push(await run(item))
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return counts
}

async function printCoverage (folder: string, options: Options): Promise<void> {
  const include = chosen(options).flatMap(name => ['--include', `packages/${name}/src/**/*.ts`])
  await runCommand('c8', ['report', '--temp-directory', folder, '--reporter', 'text-summary', '--reports-dir', join(root, 'coverage'), '--extension', '.ts', ...include])
}
