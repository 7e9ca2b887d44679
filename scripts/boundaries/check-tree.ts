import { checkImports } from './imports.ts'
import type { RepositoryTree, Violation } from './tree.ts'
import { checkWords } from './words.ts'

/** Returns every broken rule of a repository, in the order of their files. */
export function checkTree (tree: RepositoryTree): Violation[] {
  return [...checkImports(tree), ...checkWords(tree), ...checkPapers(tree), ...checkLock(tree)]
    .sort((a, b) => a.path === b.path ? (a.line ?? 0) - (b.line ?? 0) : a.path < b.path ? -1 : 1)
}

/** Each package has a README, and exists only once it has a test. */
function checkPapers (tree: RepositoryTree): Violation[] {
  return tree.packages.flatMap(entry => {
    const path = `packages/${entry.folder}`
    const found: Violation[] = []
    if (!entry.files.some(file => file.path === `${path}/README.md`)) found.push({ path, message: 'there is no README.md' })
    if (!entry.files.some(file => file.path.startsWith(`${path}/test/`) && file.path.endsWith('.spec.ts'))) found.push({ path, message: 'there is no test' })
    return found
  })
}

/** A lock that names the host of a registry works only where that host is reached. */
function checkLock (tree: RepositoryTree): Violation[] {
  return Object.entries(tree.lock?.packages ?? {}).flatMap(([name, entry]) => {
    const resolved = entry.resolved
    return resolved === undefined || !/^[a-z+]+:/i.test(resolved) ? [] : [{ path: 'package-lock.json', message: `${name} names a registry host; install with omit-lockfile-registry-resolved` }]
  })
}
