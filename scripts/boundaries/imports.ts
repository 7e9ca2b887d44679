import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { MAP, OWNED } from './map.ts'
import { scanSource } from './scan.ts'
import { isCode, isSource, type Manifest, type PackageTree, type RepositoryTree, type TextFile, type Violation } from './tree.ts'

/** Checks who imports whom: the map, declared dependencies, and no way into another package but its front door. */
export function checkImports (tree: RepositoryTree): Violation[] {
  const manifests = new Map(tree.packages.map(entry => [entry.manifest.name, entry]))
  return [
    ...tree.packages.flatMap(entry => [
      ...checkManifest(entry, manifests),
      ...entry.files.filter(isCode).flatMap(file => checkFile(entry, file, manifests))
    ]),
    ...tree.files.filter(isCode).flatMap(file => checkOutside(file, manifests))
  ]
}

type Packages = Map<string, PackageTree>

function checkManifest (entry: PackageTree, packages: Packages): Violation[] {
  const path = `packages/${entry.folder}/package.json`
  if (MAP[entry.folder] === undefined) return [{ path, message: `${entry.folder} is not on the map (scripts/boundaries/map.ts)` }]
  return [...declared(entry.manifest)].flatMap(name => {
    const message = forbidden(entry.folder, name, packages)
    return message === undefined ? [] : [{ path, message }]
  })
}

function checkFile (entry: PackageTree, file: TextFile, packages: Packages): Violation[] {
  const source = isSource(file)
  return scanSource(file.text).imports.flatMap(({ specifier, line }) => {
    const messages = [wayIn(file, specifier, packages)]
    if (source) messages.push(...checkSpecifier(entry, specifier, packages))
    return messages.filter(message => message !== undefined).map(message => ({ path: file.path, line, message }))
  })
}

function checkOutside (file: TextFile, packages: Packages): Violation[] {
  return scanSource(file.text).imports.flatMap(({ specifier, line }) => {
    const message = wayIn(file, specifier, packages)
    return message === undefined ? [] : [{ path: file.path, line, message }]
  })
}

function checkSpecifier (entry: PackageTree, specifier: string, packages: Packages): (string | undefined)[] {
  if (specifier.startsWith('.')) return []
  if (specifier.startsWith('#')) {
    return [entry.manifest.imports?.[specifier] === undefined ? `${specifier} is not among the imports of its package.json` : undefined]
  }
  if (specifier.startsWith('node:')) return []
  if (isBuiltin(specifier)) return [`write node:${specifier} for a module of Node`]
  const name = packageName(specifier)
  if (name === entry.manifest.name) return []
  return [
    declared(entry.manifest).has(name) ? undefined : `${name} is not among the dependencies of its package.json`,
    forbidden(entry.folder, name, packages)
  ]
}

/** Says why a package must not use another one, ours or not. */
function forbidden (folder: string, name: string, packages: Packages): string | undefined {
  const ours = packages.get(name)
  if (ours !== undefined) return MAP[folder]?.uses.includes(ours.folder) === true ? undefined : `${folder} may not use ${ours.folder}`
  const owned = OWNED.find(entry => entry.specifier.test(name))
  return owned === undefined || owned.owner === folder ? undefined : `only ${owned.owner} imports ${owned.what}, not ${folder} (${name})`
}

/** Says why an import reaches past the front door of one of our packages. */
function wayIn (file: TextFile, specifier: string, packages: Packages): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file.path), specifier)
    const from = folderOf(file.path)
    const to = folderOf(target)
    if (to === undefined || to === from) return from !== undefined && to === undefined && isSource(file) ? `${specifier} leads out of the package` : undefined
    // What a benchmark runs for hours is what a package's tests run for seconds.
    if (file.path.startsWith('benchmarks/') && target.startsWith(`packages/${to}/test/`)) return undefined
    return `${specifier} reaches into ${to}; import it by its name`
  }
  const ours = packages.get(packageName(specifier))
  if (ours === undefined) return undefined
  const key = `.${specifier.slice(ours.manifest.name.length)}`
  const exported = Object.keys(ours.manifest.exports ?? {}).some(pattern => pattern === key || (pattern.endsWith('*') && key.startsWith(pattern.slice(0, -1))))
  return exported ? undefined : `${specifier} is not exported by ${ours.manifest.name}`
}

function folderOf (path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

function packageName (specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

function declared (manifest: Manifest): Set<string> {
  return new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }))
}
