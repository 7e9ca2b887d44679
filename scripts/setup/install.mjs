import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, runToEnd, say } from './run.mjs'

const OLDEST_NODE = 20

/** Installs what package-lock.json names unless it is there, and returns the path of the Node to run on. */
export async function installIfStale (root) {
  const major = Number(process.versions.node.split('.')[0])
  if (major < OLDEST_NODE) throw new SetupError(`Node ${process.versions.node} is too old: Parley is set up with Node ${OLDEST_NODE} or newer.`, 'Install a newer Node from your system, or from https://nodejs.org, and try again.')
  const lock = readFileSync(join(root, 'package-lock.json'))
  const wanted = createHash('sha256').update(lock).digest('hex')
  const stamp = join(root, 'node_modules', '.parley', 'installed')
  if (read(stamp) !== wanted) {
    if (!isInstalled(root, lock)) await install(root)
    mkdirSync(join(root, 'node_modules', '.parley'), { recursive: true })
    writeFileSync(stamp, wanted)
  }
  return nodeOf(root, major)
}

async function install (root) {
  const npm = spawnSync('npm', ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' })
  if (npm.status !== 0) throw new SetupError('npm was not found.', 'Install npm (it comes with Node; on Debian: apt-get install npm) and try again.')
  say(`installing the dependencies (npm ${npm.stdout.trim()}, Node ${process.versions.node}; about a minute, no compiler needed)`)
  const code = await runToEnd('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, shell: process.platform === 'win32' })
  if (code !== 0) {
    throw new SetupError(`npm ci ended with code ${code}; its own words are above.`,
      'Most often the registry cannot be reached: check the network, a proxy (npm config get proxy) and free disk, then run the same command again.')
  }
}

/** Tells whether somebody ran npm by hand: every package of the lock is there in its version. */
function isInstalled (root, lock) {
  const hidden = read(join(root, 'node_modules', '.package-lock.json'))
  if (hidden === undefined) return false
  const wanted = JSON.parse(lock.toString()).packages
  const present = JSON.parse(hidden).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    const found = present[path]
    return found === undefined ? entry.optional === true || entry.peer === true : found.version === entry.version
  })
}

function nodeOf (root, major) {
  const own = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  if (existsSync(own) && spawnSync(own, ['--version'], { shell: process.platform === 'win32' }).status === 0) return own
  if (major >= 24) return process.execPath
  throw new SetupError('The Node that the scripts run on was not installed: npm was told not to run install scripts.',
    'Run "npm config get ignore-scripts"; when it says true, run "npm rebuild node --ignore-scripts=false" here, or use Node 24.')
}

function read (path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
