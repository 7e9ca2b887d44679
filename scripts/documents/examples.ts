/** A block of TypeScript in a document or a doc comment. */
export interface Example {
  /** Where it stands. */
  path: string
  /** The line, from 1, of its first line of code. */
  line: number
  code: string
  /** It says itself that it is not meant to compile. */
  unchecked: boolean
}

const OPENING = /^(\s*)```(?:ts|typescript)\b(.*)$/

/** Finds the blocks fenced as `ts` in a Markdown text. */
export function examplesInMarkdown (path: string, text: string): Example[] {
  const found: Example[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const opening = OPENING.exec(lines[at] ?? '')
    if (opening === null) continue
    const indent = opening[1]?.length ?? 0
    const end = lines.findIndex((line, index) => index > at && line.trim() === '```')
    const stop = end === -1 ? lines.length : end
    found.push({ path, line: at + 2, code: lines.slice(at + 1, stop).map(line => line.slice(Math.min(indent, line.length - line.trimStart().length))).join('\n'), unchecked: /\bno-check\b/.test(opening[2] ?? '') })
    at = stop
  }
  return found
}

/** Finds the blocks fenced as `ts` in the doc comments of a source. */
export function examplesInSource (path: string, text: string): Example[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(match => {
    const before = text.slice(0, match.index).split('\n').length
    const comment = match[0].split('\n').map(line => line.replace(/^\s*(\/\*\*|\*\/|\*) ?/, '')).join('\n')
    return examplesInMarkdown(path, comment).map(example => ({ ...example, line: example.line + before - 1 }))
  })
}
