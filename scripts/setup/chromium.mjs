import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runToEnd, say } from './run.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Finds Chromium for the browser tests, or installs it where that is possible without asking anybody. */
export async function findChromium () {
  const wanted = process.env.CHROMIUM_PATH
  if (wanted !== undefined && wanted !== '') {
    return existsSync(wanted) ? { path: wanted } : missing(`CHROMIUM_PATH names ${wanted}, which is not there`)
  }
  const found = search()
  if (found !== undefined) return { path: found }
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !existsSync('/usr/bin/apt-get')) return missing('there is no Chromium on this machine')
  say('installing Chromium for the browser tests (apt-get install chromium)')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] }
  const done = await runToEnd('apt-get', ['update', '-qq'], options) === 0 &&
    await runToEnd('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options) === 0
  const installed = search()
  return done && installed !== undefined ? { path: installed } : missing('apt-get could not install Chromium')
}

function search () {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  return folders.flatMap(folder => NAMES.map(name => join(folder, name))).find(path => existsSync(path))
}

function missing (reason) {
  say(`${reason}: browser tests will be skipped. Install it (on Debian and Ubuntu: apt-get install chromium), or set CHROMIUM_PATH to a Chromium or Chrome.`)
  return { reason }
}
