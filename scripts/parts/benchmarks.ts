import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { check, sum, type Counts, type Part } from './part.ts'
import { root } from './repository.ts'
import { runCommand } from './run-command.ts'

export const bench: Part = {
  name: 'bench',
  about: 'our side of each benchmark runs, short; no time is judged',
  async run () {
    const folder = join(root, 'benchmarks')
    if (!existsSync(folder)) return sum([])
    const counts: Counts[] = []
    for (const name of readdirSync(folder).sort()) {
      const command = shortCommand(join(folder, name))
      if (command === undefined) continue
      console.log(`benchmarks/${name}: ${command.join(' ')}`)
      const [program = 'node', ...args] = command
      const { code } = await runCommand(program, args, { cwd: join(folder, name), timeoutMs: 5 * 60_000 })
      if (code !== 0) console.log(`✗ benchmarks/${name} ended with ${code === undefined ? 'a signal' : `code ${code}`}`)
      counts.push(check(code === 0))
    }
    return sum(counts)
  }
}

function shortCommand (folder: string): string[] | undefined {
  const manifest = join(folder, 'package.json')
  const scripts = existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { scripts?: Record<string, string> }).scripts : undefined
  if (scripts?.short !== undefined) return ['npm', 'run', '--silent', 'short']
  return existsSync(join(folder, 'run.ts')) ? ['node', '--conditions=parley-source', 'run.ts', '--short'] : undefined
}
