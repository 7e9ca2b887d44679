import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { examplesInMarkdown, examplesInSource, type Example } from './documents/examples.ts'
import { filesBelow, packageFolders, root } from './parts/repository.ts'

// Within the repository, so that the packages are found by their names.
const FOLDER = 'dist/doc-examples'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const documents = [
  ...['README.md', 'CONTRIBUTING.md'].filter(name => filesAtRoot().includes(name)),
  ...filesBelow('docs', /\.md$/), ...filesBelow('examples', /\.md$/),
  ...packageFolders().map(name => `packages/${name}/README.md`).filter(path => filesBelow(path.slice(0, path.lastIndexOf('/')), /^README\.md$/).includes(path))
]
const examples: Example[] = [
  ...documents.flatMap(path => examplesInMarkdown(path, read(path))),
  ...packageFolders().flatMap(name => filesBelow(`packages/${name}/src`, /\.ts$/)).flatMap(path => examplesInSource(path, read(path)))
]
const checked = examples.filter(example => !example.unchecked)

rmSync(join(root, FOLDER), { recursive: true, force: true })
mkdirSync(join(root, FOLDER), { recursive: true })
const byFile = new Map(checked.map((example, index) => [`example-${index}.ts`, example]))
for (const [name, example] of byFile) writeFileSync(join(root, FOLDER, name), `${example.code}\nexport {}\n`)
writeFileSync(join(root, FOLDER, 'tsconfig.json'), JSON.stringify({
  extends: '../../tsconfig.base.json',
  compilerOptions: { composite: false, declaration: false, declarationMap: false, sourceMap: false, noEmit: true, noUnusedLocals: false, noUnusedParameters: false, types: ['node'] },
  files: [...byFile.keys()]
}))
const failed = checked.length > 0 && !compiles()
console.log(`doc examples: ${checked.length} compiled, ${examples.length - checked.length} marked no-check, ${documents.length} documents`)
process.exitCode = failed ? 1 : 0

function compiles (): boolean {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, FOLDER), '--pretty', 'false'], { cwd: root, encoding: 'utf8' })
  // The reader has the document in front of them, not our copy.
  const located = stdout.replaceAll(/^\S*?(example-\d+\.ts)\((\d+),(\d+)\)/gm, (whole, name: string, line: string) => {
    const example = byFile.get(name)
    return example === undefined ? whole : `${example.path}:${Number(line) + example.line - 1}`
  })
  if (status !== 0) console.error(`${located}${stderr}`.trimEnd())
  return status === 0
}

function filesAtRoot (): string[] {
  return filesBelow('.', /\.md$/).filter(path => path.split('/').length === 2).map(path => path.slice(2))
}
