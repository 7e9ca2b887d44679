/** Returns a recovery phrase as it is shown to the person, once, with what it is for. */
export function phraseText (phrase: string): string {
  return [
    'Your recovery phrase. It is shown this once and kept nowhere. Write it down:',
    'with it and your proxy you get everything back on an empty machine, and so',
    'does whoever else reads it.',
    '',
    ...phraseLines(phrase),
    ''
  ].join('\n')
}

/** Twenty-four words in four columns, numbered downwards as people write lists. */
function phraseLines (phrase: string): string[] {
  const words = phrase.split(' ')
  const rows = Math.ceil(words.length / 4)
  return Array.from({ length: rows }, (_none, row) =>
    [0, 1, 2, 3].map(column => {
      const index = column * rows + row
      return `${String(index + 1).padStart(4)}. ${(words[index] ?? '').padEnd(9)}`
    }).join('').trimEnd())
}
