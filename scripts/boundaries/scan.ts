/** One import of a source file, however it is written. */
export interface ImportOf {
  specifier: string
  line: number
}

/** A source file without its comments and without what its strings say. */
export interface ScannedSource {
  /** The code; comments are blank, and the inside of each string is an index into `strings`. Lines are kept. */
  code: string
  strings: string[]
  imports: ImportOf[]
}

/** Words after which a slash begins a regular expression. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^\n]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))\s*$/

/** Reads a TypeScript or JavaScript source just far enough to tell code from words. */
export function scanSource (text: string): ScannedSource {
  const strings: string[] = []
  let code = ''
  let at = 0
  /** Depths of braces at which a template literal goes on. */
  const templates: number[] = []
  let depth = 0
  const blank = (part: string): string => part.replaceAll(/[^\n]/g, ' ')
  const keep = (quote: string, value: string): void => {
    code += `${quote}${strings.length}${quote}${value.replaceAll(/[^\n]/g, '')}`
    strings.push(value)
  }
  const template = (): void => {
    const start = at
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
    keep('`', text.slice(start, at))
    if (text[at] === '`') {
      at++
    } else {
      at += 2
      code += '{'
      templates.push(depth++)
    }
  }
  while (at < text.length) {
    const char = text[at] ?? ''
    if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at)
      code += blank(text.slice(at, end === -1 ? text.length : end))
      at = end === -1 ? text.length : end
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2)
      const stop = end === -1 ? text.length : end + 2
      code += blank(text.slice(at, stop))
      at = stop
    } else if (char === '\'' || char === '"') {
      const start = ++at
      while (at < text.length && text[at] !== char && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
      keep(char, text.slice(start, at++))
    } else if (char === '`') {
      at++
      template()
    } else if (char === '/' && BEFORE_REGEX.test(code.slice(-80))) {
      at = endOfRegex(text, at)
      code += '/0/'
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      templates.pop()
      depth--
      code += '}'
      at++
      template()
    } else {
      if (char === '{') depth++
      if (char === '}') depth--
      code += char
      at++
    }
  }
  return { code, strings, imports: importsOf(code, strings) }
}

function endOfRegex (text: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]
    if (char === '\n') return start + 1
    if (char === '\\') at++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) return at + 1
  }
  return start + 1
}

/** `from '0'`, `import '0'`, `import('0')`, `require('0')`, `import.meta.resolve('0')`, with any quote. */
const IMPORT = /(?<![.\w$])(?:from\s*|import\s*|import\s*\(\s*|require\s*\(\s*|import\.meta\.resolve\s*\(\s*)(['"`])(\d+)\1/g

function importsOf (code: string, strings: string[]): ImportOf[] {
  return [...code.matchAll(IMPORT)].map(match => ({
    specifier: strings[Number(match[2])] ?? '',
    line: lineAt(code, match.index)
  }))
}

/** Returns the line, from 1, of a position. */
export function lineAt (code: string, index: number): number {
  return code.slice(0, index).split('\n').length
}
