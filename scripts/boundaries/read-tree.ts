import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest, PackageTree, RepositoryTree, TextFile } from './tree.ts'

const TOP_FOLDERS = ['scripts', 'test', 'examples', 'benchmarks', 'docs']
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'vectors', '.git'])
const TEXT = /\.(ts|mts|mjs|cjs|js|css|html|md)$/

/** Reads what the rules look at from the repository at `root`. */
export function readTree (root: string): RepositoryTree {
  const packages = readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(root, 'packages', entry.name, 'package.json')))
    .map(entry => readPackage(root, entry.name))
  return {
    packages,
    files: TOP_FOLDERS.filter(folder => existsSync(join(root, folder))).flatMap(folder => readFolder(root, folder)),
    lock: JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as NonNullable<RepositoryTree['lock']>
  }
}

function readPackage (root: string, folder: string): PackageTree {
  const path = `packages/${folder}`
  return {
    folder,
    manifest: JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as Manifest,
    files: readFolder(root, path)
  }
}

function readFolder (root: string, folder: string): TextFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : readFolder(root, path)
    return TEXT.test(entry.name) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : []
  })
}
