/** A text file of the repository; `path` is relative to the root, with slashes. */
export interface TextFile {
  path: string
  text: string
}

/** The parts of a package.json that the rules read. */
export interface Manifest {
  name: string
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  exports?: Record<string, unknown>
  imports?: Record<string, unknown>
}

/** A package of the monorepo as the rules see it. */
export interface PackageTree {
  /** The folder's name below packages/. */
  folder: string
  manifest: Manifest
  files: TextFile[]
}

/** Everything the rules look at. */
export interface RepositoryTree {
  packages: PackageTree[]
  /** Files outside of packages: scripts, test, examples, benchmarks, documents. */
  files: TextFile[]
  lock?: { packages?: Record<string, { resolved?: string }> }
}

/** One broken rule. */
export interface Violation {
  path: string
  line?: number
  message: string
}

/** Tells whether a file is a source of a package. */
export function isSource (file: TextFile): boolean {
  return /^packages\/[^/]+\/(src|bin|assets)\//.test(file.path) && isCode(file)
}

/** Tells whether a file is code in our hands: no vector, no picture. */
export function isCode (file: TextFile): boolean {
  return /\.(ts|mts|mjs|cjs|js)$/.test(file.path)
}
