import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './harness/chromium.ts'
import { verdicts, type SignatureCase } from './harness/signature-page.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const SHARED = process.env['PARLEY_SHARED'] ?? path('../../shared')
const WYCHEPROOF = `${SHARED}/vectors/wycheproof-ed25519.json`
const EDGES = path('../packages/identity/test/vectors/v1/ed25519-edge.json')

// Wycheproof follows RFC 8032, which refuses y = 1 with the sign bit of x set;
// ZIP 215 decodes it, and the signature of case 151 was made so that it then
// verifies. It is the only vector of the file on which the two rules differ.
const ACCEPTED_BY_ZIP_215 = new Set([151])

type JudgedCase = SignatureCase & { valid: boolean }
interface Wycheproof { testGroups: Array<{ publicKey: { pk: string }, tests: Array<{ tcId: number, msg: string, sig: string, result: 'valid' | 'invalid' }> }> }
interface Edges { cases: Array<SignatureCase & { valid: boolean }> }

describe('one signature judged in Node and in Chromium', function () {
  this.timeout(60_000)
  let browser: Browser
  let server: Server
  let page: Page

  before(async function () {
    browser = await launchChromium(this)
    const code = await bundle()
    server = createServer((request, response) => {
      response.setHeader('content-type', request.url === '/page.js' ? 'text/javascript' : 'text/html')
      response.end(request.url === '/page.js' ? code : '<!doctype html><title>signatures</title><script type="module" src="/page.js"></script>')
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction('typeof verdicts === "function"')
  })

  after(async () => {
    await browser?.close()
    server?.close()
  })

  /** Expects the right verdict for each case at both. */
  async function expectRight (cases: JudgedCase[]): Promise<void> {
    const wanted = cases.map(({ publicKey, message, signature, name }) => ({ name, publicKey, message, signature }))
    const inNode = await verdicts(wanted)
    const inChromium: Array<boolean | string> = await page.evaluate(`verdicts(${JSON.stringify(wanted)})`)
    const differing = cases.filter((_case, index) => inNode[index] !== inChromium[index]).map(({ name }) => name)
    expect(differing, 'cases with another verdict in Chromium than in Node').to.deep.equal([])
    const wrong = cases.flatMap(({ name, valid }, index) => inChromium[index] === valid ? [] : [`${name}: ${inChromium[index]}`])
    expect(wrong, 'cases with the wrong verdict').to.deep.equal([])
    const valid = cases.filter(one => one.valid).length
    expect(valid, 'some are valid').to.be.above(0)
    expect(valid, 'and some are not').to.be.below(cases.length)
    console.log(`      ${cases.length} signatures, ${valid} of them valid: ${await page.evaluate('navigator.userAgent')}`)
  }

  it('has the verdict of Wycheproof at both', async function () {
    if (!existsSync(WYCHEPROOF)) {
      console.log(`      skipped: ${WYCHEPROOF} is missing; set PARLEY_SHARED to the folder that holds vectors/`)
      this.skip()
    }
    const { testGroups } = JSON.parse(await readFile(WYCHEPROOF, 'utf8')) as Wycheproof
    const cases = testGroups.flatMap(({ publicKey, tests }) => tests.map(({ tcId, msg, sig, result }) =>
      ({ name: `case ${tcId}`, publicKey: publicKey.pk, message: msg, signature: sig, valid: result === 'valid' || ACCEPTED_BY_ZIP_215.has(tcId) })))
    expect(cases).to.have.length(151)
    await expectRight(cases)
  })

  it('has the same verdict at both when it is crafted to lie on the edge of the rules', async () => {
    const { cases } = JSON.parse(await readFile(EDGES, 'utf8')) as Edges
    expect(cases.length).to.be.above(200)
    await expectRight(cases)
  })

  it('is judged in Chromium by what browsers are given, not by what Node is given', async () => {
    // The bundle must not have taken the Node engine along: there is no node:crypto to ask in a page.
    expect(await bundle()).not.to.match(/["']node:/)
  })
})

async function bundle (): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path('./harness/signature-page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['parley-source', 'browser'],
    logLevel: 'silent'
  })
  return outputFiles[0]?.text ?? ''
}
