/** What the command line asked for. */
export interface Options {
  /** Folder names of packages; empty means all. */
  packages: string[]
  /** Handed on to mocha's --grep. */
  grep?: string | undefined
}

/** Counts of one part: tests, or the one check that it is. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** One part of what `npm test` runs; prints its own progress and failures. */
export interface Part {
  name: string
  /** What it makes sure of, for --help. */
  about: string
  run(options: Options): Promise<Counts>
}

/** The counts of a check, which is one test. */
export function check (passed: boolean): Counts {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 }
}

/** The sum of several counts. */
export function sum (all: Counts[]): Counts {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of all) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}
