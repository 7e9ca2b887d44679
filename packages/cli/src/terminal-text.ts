/** What moves a terminal's cursor, colours it or sends it commands: all control characters but tab and newline. */
const CONTROLS = /(?![\t\n])\p{Cc}/gu
/** What makes text run in another direction until it is ended, by which a line can be made to read as another. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g
/** Both, in JSON. */
const UNESCAPED = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Makes text of others harmless to a terminal: it can be read, and does nothing. */
export function forTerminal (text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS, '\ufffd').replace(DIRECTIONS, '')
}

/** Puts text of others in one line, where a line break would let it pass for a line of ours. */
export function oneLine (text: string): string {
  return text.replace(/[\s\u0085]+/g, ' ').trim()
}

/** Writes a value as JSON that means the same and does nothing to a terminal. */
export function jsonForTerminal (value: unknown): string {
  return JSON.stringify(value).replace(UNESCAPED, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Shortens a line to what fits, with … where it was cut. */
export function shortened (text: string, most: number): string {
  const line = oneLine(text)
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed().trimEnd()}…`
}
