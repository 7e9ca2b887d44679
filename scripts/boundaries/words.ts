import { MAP, RESERVED, type Ban } from './map.ts'
import { lineAt, scanSource } from './scan.ts'
import { isCode, isSource, type PackageTree, type RepositoryTree, type TextFile, type Violation } from './tree.ts'

const LONGEST_FILE_LINES = 300
// In two halves, so that this file does not break its own rule.
const UNFINISHED = new RegExp(`\\b(TO${''}DO|FIX${''}ME)\\b`)
const NAMELESS_ERROR = /throw\s+new\s+Error\s*\(/g

/** Checks what sources say: what is reserved to one package, errors without a name, unfinished work, length. */
export function checkWords (tree: RepositoryTree): Violation[] {
  const files = [...tree.packages.flatMap(entry => entry.files), ...tree.files]
  return [
    ...tree.packages.flatMap(entry => entry.files.filter(isSource).flatMap(file => checkSource(entry, file))),
    ...files.flatMap(file => checkUnfinished(file)),
    ...files.filter(file => isCode(file) || /\.(css|html)$/.test(file.path)).flatMap(checkLength)
  ]
}

function checkSource (entry: PackageTree, file: TextFile): Violation[] {
  // What a browser page runs has no components: only its imports are ours to judge.
  if (/^packages\/[^/]+\/assets\//.test(file.path)) return []
  const { code, imports } = scanSource(file.text)
  const bans: Ban[] = [
    ...RESERVED.filter(rule => !rule.allowed.includes(entry.folder)).map(rule => rule.ban),
    ...MAP[entry.folder]?.mustNot ?? []
  ]
  const found: Violation[] = []
  for (const ban of bans) {
    if (ban.code !== undefined) {
      for (const match of code.matchAll(new RegExp(ban.code, 'g'))) found.push({ path: file.path, line: lineAt(code, match.index), message: ban.reason })
    }
    for (const { specifier, line } of imports) {
      if (ban.specifier?.test(specifier) === true) found.push({ path: file.path, line, message: `${ban.reason} (${specifier})` })
    }
  }
  for (const match of code.matchAll(NAMELESS_ERROR)) {
    found.push({ path: file.path, line: lineAt(code, match.index), message: 'an error without a name: throw a class of errors.ts' })
  }
  return found
}

function checkUnfinished (file: TextFile): Violation[] {
  return file.text.split('\n').flatMap((text, index) => {
    const match = UNFINISHED.exec(text)
    return match === null ? [] : [{ path: file.path, line: index + 1, message: `unfinished: ${match[0]}` }]
  })
}

function checkLength (file: TextFile): Violation[] {
  const lines = file.text.replace(/\n$/, '').split('\n').length
  return lines <= LONGEST_FILE_LINES ? [] : [{ path: file.path, message: `${lines} lines; the limit is ${LONGEST_FILE_LINES}` }]
}
