import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runToEnd, say } from './run.mjs'

/** Compiles the packages when a source is newer than the last build that succeeded; returns whether there is a good build. */
export async function buildIfStale (root, node) {
  const stamp = join(root, 'node_modules', '.parley', 'built')
  if (existsSync(stamp) && newest(root) <= statSync(stamp).mtimeMs && hasOutput(root)) return true
  say('compiling the packages')
  const startedMs = Date.now()
  const code = await runToEnd(node, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', '--pretty', 'false'], { cwd: root })
  if (code !== 0) return false
  mkdirSync(join(root, 'node_modules', '.parley'), { recursive: true })
  writeFileSync(stamp, '')
  say(`compiled in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
  return true
}

function packages (root) {
  return readdirSync(join(root, 'packages')).map(name => join(root, 'packages', name)).filter(folder => existsSync(join(folder, 'tsconfig.json')))
}

/** A clean of one package's dist must not pass for a build. */
function hasOutput (root) {
  return packages(root).every(folder => existsSync(join(folder, 'dist', 'src', 'index.js')))
}

function newest (root) {
  let latest = statSync(join(root, 'tsconfig.base.json')).mtimeMs
  const visit = folder => {
    // The time of a folder tells of files that were removed.
    latest = Math.max(latest, statSync(folder).mtimeMs)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (/\.(ts|json)$/.test(entry.name)) latest = Math.max(latest, statSync(path).mtimeMs)
    }
  }
  for (const folder of packages(root)) {
    latest = Math.max(latest, statSync(join(folder, 'tsconfig.json')).mtimeMs, statSync(join(folder, 'package.json')).mtimeMs)
    visit(join(folder, 'src'))
  }
  return latest
}
