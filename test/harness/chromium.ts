import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const EXECUTABLE = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(path => path !== undefined && existsSync(path))

/** Starts a Chromium that asks nobody but the page's own server; skips the running test, with the reason, where there is none. */
export async function launchChromium (context: Mocha.Context): Promise<Browser> {
  if (EXECUTABLE === undefined) {
    console.log('      skipped: there is no Chromium; install it or set CHROMIUM_PATH')
    context.skip()
  }
  return await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
}
