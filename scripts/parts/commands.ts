import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { check, type Part } from './part.ts'
import { filesBelow, root } from './repository.ts'
import { runCommand } from './run-command.ts'

async function succeeds (command: string, args: string[]): Promise<boolean> {
  return (await runCommand(command, args)).code === 0
}

export const boundaries: Part = {
  name: 'boundaries',
  about: 'which package imports which, reserved words, file lengths',
  run: async () => check(await succeeds('node', ['scripts/check-boundaries.ts']))
}

export const lint: Part = {
  name: 'lint',
  about: 'oxlint with types, no warning allowed',
  async run ({ packages }) {
    const all = ['packages', 'test', 'scripts', 'benchmarks', 'examples'].filter(folder => existsSync(join(root, folder)))
    const folders = packages.length === 0 ? all : packages.map(name => `packages/${name}`)
    return check(await succeeds('oxlint', ['--type-aware', '--deny-warnings', ...folders]))
  }
}

export const types: Part = {
  name: 'types',
  about: 'tsc over sources, tests, scripts, examples and benchmarks',
  async run ({ packages }) {
    // What stands beside the packages has projects of its own, where there is any.
    const beside = ['examples', 'benchmarks'].flatMap(folder => filesBelow(folder, /^tsconfig\.json$/))
    const projects = packages.length === 0 ? ['.', ...beside] : packages.map(name => `packages/${name}`)
    return check(await succeeds('tsc', ['-b', '--pretty', 'false', ...projects]))
  }
}

export const errors: Part = {
  name: 'errors',
  about: 'each error class is documented with cause and remedy, docs/ERRORS.md is fresh',
  run: async () => check(await succeeds('node', ['scripts/errors.ts']))
}

export const docs: Part = {
  name: 'docs',
  about: 'the code blocks of documents and doc comments compile',
  run: async () => check(await succeeds('node', ['scripts/doc-examples.ts']))
}
