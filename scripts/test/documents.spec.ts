import { expect } from 'chai'
import { checkErrors, rootDocument, type PackageErrors } from '../documents/errors.ts'
import { examplesInMarkdown, examplesInSource } from '../documents/examples.ts'

const table = (...rows: string[]): string => ['# Errors', '', '| error | cause | remedy |', '|---|---|---|', ...rows].join('\n')
const errorClass = (name: string, parent = 'ParleyError', literal = name): string => `export class ${name} extends ${parent} {\n  override readonly name = '${literal}'\n}\n`
const packageOf = (text: string, document?: string): PackageErrors => ({ name: 'media', sources: [{ path: 'packages/media/src/errors.ts', text }], document })

describe('the errors of a package', () => {
  it('are in order when each class has a row', () => {
    const { problems, rows } = checkErrors([packageOf(errorClass('LateError'), table('| `LateError` | It came \\| late. | Wait. |'))])
    expect(problems).to.deep.equal([])
    expect(rows).to.deep.equal([{ package: 'media', error: 'LateError', cause: 'It came \\| late.', remedy: 'Wait.' }])
    expect(rootDocument(rows)).to.include('## @parley/media').and.to.include('| `LateError` | It came \\| late. | Wait. |')
  })

  const broken: [string, string, string | undefined, RegExp][] = [
    ['a class has no row', errorClass('LateError'), table(), /there is no row for LateError/],
    ['there is no document at all', errorClass('LateError'), undefined, /there is no row for LateError/],
    ['a class that extends another error has no row', errorClass('LaterError', 'LateError') + errorClass('LateError'), table('| `LateError` | a | b |'), /there is no row for LaterError/],
    ['a row has no remedy', errorClass('LateError'), table('| `LateError` | It came late. | |'), /wants a cause and a remedy/],
    ['a row names no class', '', table('| `LateError` | a | b |'), /LateError is no exported error/],
    ['an error has two rows', errorClass('LateError'), table('| `LateError` | a | b |', '| `LateError` | a | b |'), /two rows/],
    ['the name of a class is another', errorClass('LateError', 'ParleyError', 'EarlyError'), table('| `LateError` | a | b |'), /has no readonly name = 'LateError'/]
  ]
  for (const [name, source, document, message] of broken) {
    it(`are not in order when ${name}`, () => {
      expect(checkErrors([packageOf(source, document)]).problems.join('\n')).to.match(message)
    })
  }

  it('leave out classes that are no errors, and the abstract base', () => {
    const source = 'export abstract class ParleyError extends Error {\n}\nexport class Cat extends Animal {\n}\n'
    expect(checkErrors([packageOf(source)]).problems).to.deep.equal([])
  })
})

describe('examples in documents', () => {
  it('are the blocks fenced as ts, with their lines', () => {
    const text = '# A\n\n```ts\nconst a = 1\n```\n\n```sh\nls\n```\n\n  ```ts no-check\n  nope(\n  ```\n```typescript\nlast'
    expect(examplesInMarkdown('a.md', text)).to.deep.equal([
      { path: 'a.md', line: 4, code: 'const a = 1', unchecked: false },
      { path: 'a.md', line: 12, code: 'nope(', unchecked: true },
      { path: 'a.md', line: 15, code: 'last', unchecked: false }
    ])
  })

  it('are found in doc comments', () => {
    const text = 'const x = 1\n/**\n * Does it.\n *\n * ```ts\n * it({\n *   a: 1\n * })\n * ```\n */\nexport function it () {}\n// ```ts\n'
    expect(examplesInSource('a.ts', text)).to.deep.equal([{ path: 'a.ts', line: 6, code: 'it({\n  a: 1\n})', unchecked: false }])
  })
})
