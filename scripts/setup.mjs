// Makes a clone ready, then runs a script of it on the Node that it brings along.
//
//   node scripts/setup.mjs [--chromium] <script> [arguments…]
//
// This file and its folder run before anything is installed, and on Node 20:
// built-ins only, no TypeScript.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildIfStale } from './setup/build.mjs'
import { findChromium } from './setup/chromium.mjs'
import { installIfStale } from './setup/install.mjs'
import { SetupError, runToEnd } from './setup/run.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

async function main () {
  const args = process.argv.slice(2)
  const wantsChromium = args[0] === '--chromium'
  if (wantsChromium) args.shift()
  const env = { ...process.env, NX_DAEMON: 'false' }
  const node = await installIfStale(root)
  const built = await buildIfStale(root, node)
  // The tests report a broken build by themselves, with everything else they find.
  if (!built && !wantsChromium) throw new SetupError('The build failed; the compiler says why above.', 'Correct it, or go back to a commit that builds, and try again.')
  if (wantsChromium) {
    const found = await findChromium()
    if (found.path !== undefined) env.CHROMIUM_PATH = found.path
    else env.PARLEY_NO_CHROMIUM = found.reason
  }
  if (args.length === 0) return 0
  if (!existsSync(`${root}${args[0]}`)) throw new SetupError(`There is no ${args[0]} in this clone.`, 'Run it from a complete clone.')
  return await runToEnd(node, args, { cwd: root, env })
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`setup: ${error.message}\n       ${error.remedy}`)
  process.exitCode = 1
}
