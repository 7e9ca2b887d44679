import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { chromium, type Browser, type Page } from 'playwright-core'
import { createStatusServer, type CaptureStatus, type StatusServer } from '../src/index.ts'
import { createRecordingLogger, createSampleSource } from './sample.ts'

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find(path => path !== undefined && existsSync(path))
/** Pictures for somebody to look at; a folder of one's own can be named. */
const pictures = process.env.PARLEY_SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'parley-page-'))

const capture: CaptureStatus = {
  call: 'call_1', from: 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH', fromName: 'Alice', startedAt: 1_700_000_000_000, segments: 12, durationMs: 12_400, state: 'recording'
}

describe('the status page in Chromium', function () {
  const source = createSampleSource()
  let browser: Browser
  let server: StatusServer
  let page: Page
  let complaints: string[]

  before(async function () {
    if (executablePath === undefined) {
      console.log('  no Chromium: set CHROMIUM_PATH or install chromium')
      this.skip()
    }
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })
  after(async () => { await browser?.close() })

  beforeEach(async () => {
    Object.assign(source, createSampleSource(), { snapshot: source.snapshot, ready: source.ready })
    server = await createStatusServer({ status: source, logger: createRecordingLogger() }, { port: 0 })
    complaints = []
    page = await browser.newPage({ viewport: { width: 1200, height: 980 } })
    page.on('pageerror', error => { complaints.push(error.message) })
    page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
    page.on('request', request => { if (!request.url().startsWith(server.url)) complaints.push(`asked for ${request.url()}`) })
    await page.goto(server.url)
    await page.getByRole('heading', { name: 'Bob’s node' }).waitFor()
  })
  afterEach(async () => {
    await page.close()
    await server.stop()
  })

  it('shows who this is, where it is reached, its peers, messages and disk', async () => {
    expect(await page.locator('#person').textContent()).to.equal(source.status.person)
    expect(await page.locator('#addresses li').allTextContents()).to.deep.equal(source.status.addresses)
    expect(await page.locator('#contact-url').textContent()).to.equal(source.status.contactUrl)
    expect(await page.locator('#qr').evaluate(picture => (picture as HTMLImageElement).naturalWidth)).to.be.greaterThan(0)
    expect(await page.getByRole('table', { name: 'Peers' }).getByRole('row').allTextContents()).to.have.length(3)
    expect(await page.locator('#held').textContent()).to.equal('3')
    expect(await page.locator('#total').textContent()).to.equal('1,204')
    expect(await page.locator('#disk-words').textContent()).to.equal('48.3 MB used, 120.5 GB free')
    expect(complaints).to.deep.equal([])
  })

  it('shows a capture when it begins, its time while it goes on, and announces both ends', async () => {
    source.status.captures = [capture]
    await page.locator('#captures li').waitFor()
    expect(await page.locator('#announcement').textContent()).to.equal('Alice is speaking.')
    await page.getByText('12 segments safe on disk').waitFor()
    source.status.captures = [{ ...capture, durationMs: 31_000, segments: 31 }]
    await page.getByText('31 segments safe on disk').waitFor()
    expect(await page.locator('#captures .time').textContent()).to.match(/^0:3\d$/)
    source.status.captures = []
    await page.locator('#captures li').waitFor({ state: 'detached' })
    expect(await page.locator('#announcement').textContent()).to.equal('The capture from Alice ended.')
    expect(complaints).to.deep.equal([])
  })

  it('changes figures and warnings without a reload', async () => {
    await page.evaluate(() => { document.body.dataset.mark = 'same' })
    source.status.messages = { held: 4, total: 1205 }
    source.status.warnings = ['The disk is nearly full.']
    await page.getByText('The disk is nearly full.').first().waitFor()
    expect(await page.locator('#held').textContent()).to.equal('4')
    expect(await page.evaluate(() => document.body.dataset.mark)).to.equal('same')
  })

  it('shows names as text, whatever they contain', async () => {
    source.status.captures = [{ ...capture, fromName: '<img src=x onerror=alert(1)>' }]
    await page.getByText('<img src=x onerror=alert(1)>', { exact: true }).waitFor()
    expect(await page.locator('#captures img').count()).to.equal(0)
  })

  it('says when the node does not answer, and when it does again', async () => {
    const { port } = server
    await server.stop()
    await page.getByText('Not answering', { exact: true }).waitFor()
    server = await createStatusServer({ status: source, logger: createRecordingLogger() }, { port })
    await page.getByText('Running', { exact: true }).waitFor()
  })

  it('asks nothing while nobody looks', async () => {
    let asked = 0
    page.on('request', request => { if (request.url().endsWith('/status.json')) asked++ })
    await page.clock.install()
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    asked = 0
    await page.clock.runFor(10_000)
    expect(asked).to.equal(0)
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: false })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    expect(asked).to.be.greaterThan(0)
  })

  it('can be walked by landmarks and keys', async () => {
    for (const name of ['Captures in progress', 'Kept', 'Contact', 'Identity']) {
      expect(await page.getByRole('region', { name }).count(), name).to.equal(1)
    }
    expect(await page.getByRole('main').count()).to.equal(1)
    expect(await page.getByRole('columnheader').count()).to.equal(3)
    expect(await page.getByRole('meter', { name: 'Disk' }).count()).to.equal(1)
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).to.equal('Skip to the status')
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has words that can be read, ${colorScheme}`, async () => {
      source.status.captures = [capture, { ...capture, call: 'call_2', fromName: 'Carol', state: 'paused', durationMs: 64_000, segments: 63 }]
      source.status.warnings = ['The disk is nearly full: 1.2 GB are free.']
      await page.emulateMedia({ colorScheme })
      await page.getByText('Carol', { exact: true }).waitFor()
      expect(await page.evaluate(lowContrast)).to.deep.equal([])
      await page.screenshot({ path: join(pictures, `status-${colorScheme}.png`), fullPage: true })
    })

    it(`has no sideways scrolling on a telephone, ${colorScheme}`, async () => {
      source.status.captures = [capture]
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width: 360, height: 740 })
      await page.getByText('Alice', { exact: true }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(360)
      await page.screenshot({ path: join(pictures, `status-narrow-${colorScheme}.png`), fullPage: true })
    })
  }
})

/** Runs in the page: texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3). */
function lowContrast (): string[] {
  const parse = (color: string): number[] => [...color.matchAll(/[\d.]+/g)].map(Number)
  const luminance = (color: number[]): number => {
    const [r = 0, g = 0, b = 0] = color.map(value => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if ((color[3] ?? 1) === 1) return color
    }
    return [255, 255, 255]
  }
  const low: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    if (element === null || node.textContent?.trim() === '' || !element.checkVisibility() || element.closest('noscript, script, progress, meter') !== null) continue
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < 4.5) low.push(`${node.textContent?.trim()} ${ratio.toFixed(2)}`)
  }
  return low
}
