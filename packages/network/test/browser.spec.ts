import { cidOf, silentLogger } from '@parley/core'
import { createMemoryStore, createNetwork } from '@parley/network'
import { expect } from 'chai'
import { build } from 'esbuild'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import type { PageReport } from './support/page.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

async function bundle (entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['parley-source'],
    logLevel: 'silent'
  })
  return outputFiles[0]?.text ?? ''
}

describe('the browser composition', () => {
  it('bundles without anything of Node', async function () {
    this.timeout(30_000)
    const code = await bundle('../src/index.ts')
    console.log(`      ${(code.length / 1024).toFixed(0)} KiB raw, ${(gzipSync(code, { level: 9 }).length / 1024).toFixed(0)} KiB gzip`)
    expect(code).not.to.match(/from\s*"(node:|fs|net|classic-level)/)
    expect(code).to.include('RTCPeerConnection')
    expect(code).not.to.match(/iceServers:\[\{/)
  })

  it('talks to a node, and keeps what it got, in a real browser', async function () {
    this.timeout(60_000)
    if (!existsSync(CHROMIUM)) {
      console.log(`      skipped: there is no browser at ${CHROMIUM}`)
      this.skip()
    }
    const code = await bundle('support/page.ts')
    const store = createMemoryStore()
    await store.commit([{ type: 'block', cid: cidOf(text('a block')), bytes: text('a block') }])
    const network = await createNetwork({ store, logger: silentLogger }, { seed: new Uint8Array(32).fill(1), listen: ['/ip4/127.0.0.1/tcp/0/ws'], hub: true })
    await network.handle('/test/echo/1', async stream => { for await (const frame of stream) await stream.send(frame) })
    network.topics.subscribe('page', () => {})
    const server = createServer((request, response) => {
      response.setHeader('content-type', request.url === '/page.js' ? 'text/javascript' : 'text/html')
      response.end(request.url === '/page.js' ? code : '<!doctype html><title>page</title><script type="module" src="/page.js"></script>')
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
    try {
      const page = await browser.newPage()
      const asked: string[] = []
      page.on('request', request => asked.push(new URL(request.url()).hostname))
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
      await page.waitForFunction('typeof run === "function"')
      const report = await page.evaluate(`run(${JSON.stringify({ peer: network.peerId, addresses: network.addresses() })}, 'a block')`) as PageReport
      console.log(`      round trip over WebSocket ${report.medianMs.toFixed(2)} ms`)
      expect(report).to.include({ echoed: 'hello from a page', block: 'a block', topicRecipients: 1, reopened: 'a block' })
      expect(new Set(asked)).to.deep.equal(new Set(['localhost']))
    } finally {
      await browser.close()
      server.close()
      await network.stop()
    }
  })
})
