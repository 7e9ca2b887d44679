import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Manifest { version?: string, dependencies?: Record<string, string> }

/**
 * Installs what a benchmark compares with into its own folder, unless it is
 * there. Nothing is written but `node_modules`.
 */
export async function installPeers (folder: URL): Promise<void> {
  const { dependencies = {} } = read(new URL('package.json', folder))
  const isThere = Object.entries(dependencies).every(([name, version]) => {
    const manifest = new URL(`node_modules/${name}/package.json`, folder)
    return existsSync(manifest) && read(manifest).version === version
  })
  if (isThere) return
  const cwd = fileURLToPath(folder)
  console.log(`installing ${Object.keys(dependencies).join(', ')} into ${cwd}node_modules`)
  const child = spawn('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], { cwd, stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new RangeError(`npm install ended with ${code}`)
}

function read (file: URL): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}
