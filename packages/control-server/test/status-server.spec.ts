import { request, type IncomingHttpHeaders } from 'node:http'
import { expect } from 'chai'
import { isOwnHost } from '../src/host-guard.ts'
import { createStatusServer, nodeStatusSchema, type Problem, type StatusServer } from '../src/index.ts'
import { createRecordingLogger, createSampleSource } from './sample.ts'

interface Answer { status: number, headers: IncomingHttpHeaders, body: string }

async function ask (server: StatusServer, path: string, { method = 'GET', host }: { method?: string, host?: string } = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host }
    request({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
        .on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body }) })
    }).on('error', reject).end()
  })
}

function problemOf (answer: Answer): Problem {
  expect(answer.headers['content-type']).to.equal('application/problem+json; charset=utf-8')
  const problem = JSON.parse(answer.body) as Problem
  expect(problem.status).to.equal(answer.status)
  return problem
}

describe('a status server', () => {
  const source = createSampleSource()
  const logger = createRecordingLogger()
  let server: StatusServer

  beforeEach(async () => {
    Object.assign(source, createSampleSource(), { snapshot: source.snapshot, ready: source.ready })
    logger.lines.length = 0
    server = await createStatusServer({ status: source, logger }, { port: 0, allowedHosts: ['parley.example'] })
  })
  afterEach(async () => { await server.stop() })

  it('listens on loopback unless told otherwise', () => {
    expect(server.host).to.equal('127.0.0.1')
    expect(server.url).to.equal(`http://127.0.0.1:${server.port}/`)
  })

  it('tells the state of the node as JSON that its own schema reads', async () => {
    const answer = await ask(server, '/status.json')
    expect(answer.status).to.equal(200)
    expect(answer.headers['cache-control']).to.equal('no-store')
    expect(nodeStatusSchema.parse(JSON.parse(answer.body))).to.deep.equal(source.status)
  })

  it('tells nothing that is not in the schema', async () => {
    source.status = { ...source.status, passphrase: 'hunter2' } as typeof source.status
    expect((await ask(server, '/status.json')).body).to.not.include('hunter2')
  })

  it('serves the page and its files with a policy that allows these alone', async () => {
    for (const [path, type] of [['/', 'text/html'], ['/style.css', 'text/css'], ['/page.js', 'text/javascript'], ['/elements.js', 'text/javascript'], ['/icon.svg', 'image/svg+xml']] as const) {
      const { status, headers, body } = await ask(server, path)
      expect(status).to.equal(200)
      expect(headers['content-type']).to.equal(`${type}; charset=utf-8`)
      expect(body.length).to.be.greaterThan(100)
      const policy = headers['content-security-policy'] ?? ''
      expect(policy).to.include("default-src 'none'").and.include("script-src 'self'").and.include("frame-ancestors 'none'")
      expect(policy).to.not.match(/unsafe|https?:|\*/)
      expect(headers['x-content-type-options']).to.equal('nosniff')
      expect(headers).to.not.have.property('set-cookie')
      expect(headers).to.not.have.property('access-control-allow-origin')
    }
  })

  it('has a page without inline script, inline style or anything from elsewhere', async () => {
    const { body } = await ask(server, '/')
    expect(body).to.not.match(/<script(?![^>]* src=)/)
    expect(body).to.not.match(/<style|\sstyle=|\son\w+=/)
    expect(body).to.not.match(/(src|href)="(?!\/|#)/)
  })

  it('shows the QR code as a picture, and says so when there is none', async () => {
    expect(await ask(server, '/contact.svg')).to.deep.include({ status: 200, body: source.status.contactQrSvg })
    source.status = createSampleSource({ contactQrSvg: undefined }).status
    expect(problemOf(await ask(server, '/contact.svg')).status).to.equal(404)
  })

  it('is healthy while it answers', async () => {
    source.readiness = { ready: false, reasons: ['x'] }
    expect(await ask(server, '/healthz')).to.deep.include({ status: 200, body: '{"status":"ok"}' })
  })

  it('is ready when its node is, and else says why', async () => {
    expect((await ask(server, '/readyz')).status).to.equal(200)
    source.readiness = { ready: false, reasons: ['The data folder is missing.'] }
    expect(problemOf(await ask(server, '/readyz'))).to.deep.include({ status: 503, type: 'urn:parley:problem:not-ready', reasons: ['The data folder is missing.'] })
  })

  it('answers a failing node with a problem that tells nothing of the inside', async () => {
    source.failure = new TypeError('secret path /home/bob')
    for (const [path, status] of [['/status.json', 500], ['/contact.svg', 500], ['/readyz', 503]] as const) {
      const answer = await ask(server, path)
      expect(problemOf(answer).status).to.equal(status)
      expect(answer.body).to.not.include('secret')
    }
    expect(logger.lines.filter(line => line.level === 'error')).to.have.length(3)
    source.failure = undefined
    expect((await ask(server, '/status.json')).status).to.equal(200)
  })

  it('names the field of a status that cannot be, in the log', async () => {
    source.status = createSampleSource({ conversations: -1 }).status
    expect(problemOf(await ask(server, '/status.json')).status).to.equal(500)
    expect(logger.lines.at(-1)?.fields?.error).to.have.property('name', 'InvalidStatusError')
    expect(logger.lines.at(-1)?.fields?.error).to.have.property('message').that.includes('conversations')
  })

  for (const host of ['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost@evil.example', '[evil]', 'parley.example.evil']) {
    it(`refuses to be called "${host}"`, async () => {
      const answer = await ask(server, '/status.json', { host })
      expect(answer.status).to.be.oneOf([400, 421])
      expect(answer.body).to.not.include(source.status.person)
    })
  }

  for (const host of ['localhost', 'LOCALHOST:9000', '127.0.0.1:1', '[::1]:80', '192.168.1.5', 'parley.example:443', 'Parley.Example']) {
    it(`goes by "${host}"`, async () => {
      expect((await ask(server, '/status.json', { host })).status).to.equal(200)
    })
  }

  it('refuses to be called nothing', () => {
    expect(isOwnHost(undefined, [])).to.equal(false)
    expect(isOwnHost('', [])).to.equal(false)
  })

  it('can only be read', async () => {
    const answer = await ask(server, '/status.json', { method: 'POST' })
    expect(problemOf(answer).status).to.equal(405)
    expect(answer.headers.allow).to.equal('GET, HEAD')
    expect((await ask(server, '/', { method: 'HEAD' })).status).to.equal(200)
  })

  it('answers what is not there, or cannot be understood, with a problem', async () => {
    expect(problemOf(await ask(server, '/../../etc/passwd')).status).to.equal(404)
    expect(problemOf(await ask(server, '/assets/page.js')).status).to.equal(404)
    expect(problemOf(await ask(server, '/%zz')).status).to.equal(400)
  })

  it('says by name that a port is taken', async () => {
    const error = await createStatusServer({ status: source, logger }, { port: server.port }).then(() => undefined, (error: Error) => error)
    expect(error).to.deep.include({ name: 'CannotListenError', code: 'EADDRINUSE', port: server.port })
    expect(error?.message).to.include('something else listens there')
  })

  it('stops once, however often it is told, and answers no more', async () => {
    await ask(server, '/healthz')
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    expect(await ask(server, '/healthz').then(() => undefined, (error: NodeJS.ErrnoException) => error.code)).to.equal('ECONNREFUSED')
  })

  it('lets an answer that is being made go out before it stops', async () => {
    let go = (): void => {}
    let asked = (): void => {}
    const reached = new Promise<void>(resolve => { asked = resolve })
    const held = new Promise<void>(resolve => { go = resolve })
    const slow = await createStatusServer({ logger, status: { ...source, async snapshot () { asked(); await held; return source.status } } }, { port: 0 })
    const answer = ask(slow, '/status.json')
    await reached
    const stopped = slow.stop()
    go()
    expect((await answer).status).to.equal(200)
    await stopped
  })
})
