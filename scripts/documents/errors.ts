/** What a package says about its errors, in code and in words. */
export interface PackageErrors {
  /** Its folder below packages/. */
  name: string
  sources: { path: string, text: string }[]
  /** Its ERRORS.md, when there is one. */
  document?: string | undefined
}

/** A documented error. */
export interface ErrorRow {
  package: string
  error: string
  cause: string
  remedy: string
}

interface ErrorClass { package: string, path: string, name: string, parent: string, abstract: boolean, literal: string | undefined }

const CLASS = /^export (abstract )?class (\w+)(?:<[^{]*?>)? extends (\w+)/gm
const BASE = 'ParleyError'

/** Compares the error classes of the packages with their documents. */
export function checkErrors (packages: PackageErrors[]): { problems: string[], rows: ErrorRow[] } {
  const classes = packages.flatMap(classesOf)
  const errors = new Set([BASE])
  // Until nothing is added: a class may extend one that is found later.
  for (let before = 0; before !== errors.size;) {
    before = errors.size
    for (const entry of classes) if (errors.has(entry.parent)) errors.add(entry.name)
  }
  const known = classes.filter(entry => errors.has(entry.name) && !entry.abstract)
  const rows = packages.flatMap(entry => rowsOf(entry.name, entry.document ?? ''))
  return { rows, problems: [...checkClasses(known, rows), ...checkRows(known, rows)] }
}

function classesOf ({ name, sources }: PackageErrors): ErrorClass[] {
  return sources.flatMap(({ path, text }) => [...text.matchAll(CLASS)].map(match => {
    const body = text.slice(match.index, text.indexOf('\n}', match.index))
    return {
      package: name,
      path,
      name: match[2] ?? '',
      parent: match[3] ?? '',
      abstract: match[1] !== undefined,
      literal: /readonly name(?:: string)? = '(\w+)'/.exec(body)?.[1]
    }
  }))
}

function checkClasses (classes: ErrorClass[], rows: ErrorRow[]): string[] {
  return classes.flatMap(entry => {
    const found: string[] = []
    if (entry.literal !== entry.name) found.push(`${entry.path}: ${entry.name} has no readonly name = '${entry.name}'`)
    const row = rows.find(row => row.package === entry.package && row.error === entry.name)
    if (row === undefined) found.push(`packages/${entry.package}/ERRORS.md: there is no row for ${entry.name}`)
    else if (row.cause === '' || row.remedy === '') found.push(`packages/${entry.package}/ERRORS.md: ${entry.name} wants a cause and a remedy`)
    return found
  })
}

function checkRows (classes: ErrorClass[], rows: ErrorRow[]): string[] {
  return rows.flatMap((row, index) => {
    const where = `packages/${row.package}/ERRORS.md: ${row.error}`
    if (!classes.some(entry => entry.package === row.package && entry.name === row.error)) return [`${where} is no exported error of this package`]
    return rows.findIndex(other => other.package === row.package && other.error === row.error) === index ? [] : [`${where} has two rows`]
  })
}

function rowsOf (name: string, document: string): ErrorRow[] {
  return document.split('\n').filter(line => line.startsWith('|')).flatMap(line => {
    // A pipe within a cell is written with a backslash.
    const [, error = '', cause = '', remedy = ''] = line.split(/(?<!\\)\|/).map(cell => cell.trim())
    const plain = error.replaceAll('`', '')
    return /^-*:?-+:?$/.test(plain) || plain.toLowerCase() === 'error' ? [] : [{ package: name, error: plain, cause, remedy }]
  })
}

/** Writes the document of all errors. */
export function rootDocument (rows: ErrorRow[]): string {
  const packages = [...new Set(rows.map(row => row.package))]
  const sections = packages.map(name => [
    `## ${name === 'parley' ? name : `@parley/${name}`}`, '', '| error | cause | remedy |', '|---|---|---|',
    ...rows.filter(row => row.package === name).map(row => `| \`${row.error}\` | ${row.cause} | ${row.remedy} |`), ''
  ].join('\n'))
  return [
    '# Errors', '',
    '<!-- Written by "npm run errors -- --write" from packages/*/ERRORS.md: change those. -->', '',
    'Every error that Parley throws on purpose extends `ParleyError` and is known by its `name`.', '',
    ...sections
  ].join('\n')
}
