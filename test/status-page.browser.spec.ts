import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { syntheticSpeech } from '@parley/media'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './harness/chromium.ts'
import { createPerson, introduce, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll, startParley } from './harness/parley-process.ts'
import { pcm16 } from './harness/speech.ts'

/** Pictures for somebody to look at; a folder of one's own can be named. */
const pictures = process.env['PARLEY_SCREENSHOTS'] ?? mkdtempSync(join(tmpdir(), 'parley-status-'))

describe('the status page of a running proxy', function () {
  this.timeout(120_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let alice: TestPerson
  let bob: TestPerson
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  before(async function () {
    browser = await launchChromium(this)
    folder = await scenarioFolder()
    ;[alice, bob] = await Promise.all([createPerson(folder.path, 'Alice'), createPerson(folder.path, 'Bob')])
    await introduce(alice, bob)
    page = await browser.newPage({ viewport: { width: 1200, height: 1000 } })
    page.on('pageerror', error => { complaints.push(error.message) })
    page.on('request', request => { if (new URL(request.url()).hostname !== '127.0.0.1') complaints.push(`asked for ${request.url()}`) })
    await page.goto(bob.statusUrl)
  })

  after(async () => {
    await browser?.close()
    await killAll()
    await folder?.remove()
  })

  it('says whose it is and where it is reached', async () => {
    await page.getByRole('heading', { name: 'Bob’s node' }).waitFor()
    expect(await page.locator('#person').textContent()).to.equal(bob.did)
    expect(await page.locator('#contact-url').textContent()).to.match(/^parley:contact\/1\//)
    const { addresses } = await bob.proxy.event('ready') as unknown as { addresses: string[] }
    expect(await page.locator('#addresses li').allTextContents()).to.deep.equal(addresses)
    expect(addresses.every(address => address.startsWith('/ip4/127.0.0.1/'))).to.equal(true)
    expect(await page.locator('#qr').evaluate(picture => (picture as HTMLImageElement).naturalWidth)).to.be.above(0)
    await page.screenshot({ path: join(pictures, 'idle.png'), fullPage: true })
  })

  it('shows who speaks while they speak, and the message when they have spoken', async () => {
    const call = startParley(['call', 'Bob', '--audio', '-', '--data', alice.device])
    const pcm = pcm16(syntheticSpeech({ durationMs: 4000, seed: 51, sampleRateHz: 48_000 }))
    call.child.stdin.write(pcm.subarray(0, pcm.length / 2))
    await call.event('acknowledged')
    const capture = page.locator('#captures li')
    await capture.waitFor()
    expect(await capture.textContent()).to.include('Alice')
    await page.getByText(/[1-9]\d* segments? safe on disk/).waitFor()
    expect(await page.getByRole('table', { name: 'Peers' }).getByRole('row').count(), 'a head and Alice').to.be.at.least(2)
    await page.screenshot({ path: join(pictures, 'speaking.png'), fullPage: true })

    call.child.stdin.end(pcm.subarray(pcm.length / 2))
    expect((await call.event('ended'))['status']).to.equal('stored')
    await capture.waitFor({ state: 'detached' })
    await page.waitForFunction('document.querySelector("#total").textContent === "1"')
    expect(await page.locator('#conversations').textContent()).to.equal('1')
    expect(await page.locator('#held').textContent(), 'it waits for Bob').to.equal('1')
    await page.screenshot({ path: join(pictures, 'kept.png'), fullPage: true })
    console.log(`      pictures in ${pictures}`)
    expect(complaints).to.deep.equal([])
  })
})
