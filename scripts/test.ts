import { parseArgs } from 'node:util'
import { bench } from './parts/benchmarks.ts'
import { boundaries, docs, errors, lint, types } from './parts/commands.ts'
import { sum, type Counts, type Part } from './parts/part.ts'
import { packageFolders } from './parts/repository.ts'
import { browser, scenarios, unit } from './parts/tests.ts'

/** Everything that `npm test` runs, in this order: what answers fast comes first. */
const PARTS: Part[] = [boundaries, errors, types, lint, docs, unit, browser, scenarios, bench]

const USAGE = `npm test -- [--only PART[,PART…]] [--skip PART[,PART…]] [--package NAME[,NAME…]] [--grep PATTERN]

parts:
${PARTS.map(part => `  ${part.name.padEnd(11)} ${part.about}`).join('\n')}

examples:
  npm test -- --only unit --package core,identity
  npm test -- --only scenarios --grep 'nobody is home'
  npm test -- --skip bench,browser`

interface Choice { parts: Part[], packages: string[], grep: string | undefined }

function readArguments (): Choice {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      skip: { type: 'string', multiple: true },
      package: { type: 'string', multiple: true },
      grep: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help === true) {
    console.log(USAGE)
    process.exit(0)
  }
  const list = (given: string[] | undefined, known: string[], what: string): string[] => {
    const names = (given ?? []).flatMap(value => value.split(',')).filter(Boolean)
    for (const name of names) if (!known.includes(name)) throw new TypeError(`There is no ${what} "${name}"; known are ${known.join(', ')}`)
    return names
  }
  const names = PARTS.map(part => part.name)
  const only = list(values.only, names, 'part')
  const skip = list(values.skip, names, 'part')
  return {
    parts: PARTS.filter(part => (only.length === 0 || only.includes(part.name)) && !skip.includes(part.name)),
    packages: list(values.package, packageFolders(), 'package'),
    grep: values.grep
  }
}

async function runPart (part: Part, { packages, grep }: Choice): Promise<Counts> {
  console.log(`\n── ${part.name}: ${part.about}`)
  try {
    return await part.run({ packages, grep })
  } catch (error) {
    console.error(error)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const choice = readArguments()
const rows: { name: string, counts: Counts, durationMs: number }[] = []
for (const part of choice.parts) {
  const startedMs = performance.now()
  const counts = await runPart(part, choice)
  rows.push({ name: part.name, counts, durationMs: performance.now() - startedMs })
}
const total = sum(rows.map(row => row.counts))
console.log(`\n${'part'.padEnd(12)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(8)}${'time'.padStart(10)}`)
for (const { name, counts, durationMs } of rows) {
  console.log(`${name.padEnd(12)}${String(counts.passed).padStart(8)}${String(counts.failed).padStart(8)}${String(counts.skipped).padStart(8)}${`${(durationMs / 1000).toFixed(1)} s`.padStart(10)}`)
}
if (total.passed + total.failed === 0) console.log('\nNo test ran.')
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
