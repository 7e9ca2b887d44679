import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkErrors, rootDocument, type PackageErrors } from './documents/errors.ts'
import { filesBelow, packageFolders, root } from './parts/repository.ts'

const DOCUMENT = 'docs/ERRORS.md'

const packages: PackageErrors[] = packageFolders().map(name => ({
  name,
  sources: filesBelow(`packages/${name}/src`, /\.ts$/).map(path => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  document: readIfThere(`packages/${name}/ERRORS.md`)
}))
const { problems, rows } = checkErrors(packages)
const fresh = rootDocument(rows)
if (process.argv.includes('--write')) {
  writeFileSync(join(root, DOCUMENT), fresh)
  console.log(`wrote ${DOCUMENT}`)
} else if (readIfThere(DOCUMENT) !== fresh) {
  problems.push(`${DOCUMENT} is stale: run npm run errors -- --write`)
}
for (const problem of problems) console.error(problem)
console.log(`errors: ${rows.length} documented, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

function readIfThere (path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined
}
