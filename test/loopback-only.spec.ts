import { expect } from 'chai'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { scenarioFolder } from './harness/people.ts'
import type { KernelSocket } from './harness/process-sockets.ts'
import type { SealedOff } from './harness/sealed-off.ts'
import type { ToldStory } from './harness/told-story.ts'
import type { SocketEvent } from './harness/watch-sockets.ts'

const run = promisify(execFile)
const script = (name: string): string => fileURLToPath(new URL(`./harness/${name}`, import.meta.url))
const WATCH = new URL('./harness/watch-sockets.ts', import.meta.url).href
const LOOPBACK = /^(127\.0\.0\.1:\d+|\/.*)$/

describe('the network while the story is told', function () {
  this.timeout(180_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>

  before(async () => { folder = await scenarioFolder() })

  after(async () => { await folder.remove() })

  it('is loopback alone, and no name is looked up, by what the processes ask of Node', async () => {
    const file = join(folder.path, 'watched.jsonl')
    const { stdout } = await run(process.execPath, [script('told-story.ts'), join(folder.path, 'watched')], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', PARLEY_WATCH_FILE: file, PARLEY_TEST_NODE_OPTIONS: `--import=${WATCH}` }
    })
    const story = lastLine<ToldStory>(stdout)
    expectTold(story)
    const events = await watched(file)
    const of = (kind: SocketEvent['kind']): SocketEvent[] => events.filter(event => event.kind === kind)
    const processes = new Set(of('watching').map(({ pid }) => pid)).size
    console.log(`      ${processes} processes: ${of('connect').length} connections, ${of('listen').length} listeners, ${of('datagram').length} datagrams, ${of('look-up').length} look-ups`)
    expect(processes, 'processes of the story').to.be.at.least(10)
    expect(of('connect').filter(({ target }) => target.startsWith('127.0.0.1:')).length, 'connections of peers').to.be.at.least(5)
    expect(of('connect').filter(({ target }) => !LOOPBACK.test(target))).to.deep.equal([])
    expect(of('listen').length).to.be.at.least(6)
    expect(of('listen').filter(({ target }) => !LOOPBACK.test(target))).to.deep.equal([])
    expect(of('datagram')).to.deep.equal([])
    expect(of('look-up')).to.deep.equal([])
    expectLoopbackSockets(story.sockets)
  })

  it('would be seen, were it anything else', async () => {
    const file = join(folder.path, 'caught.jsonl')
    const culprit = `
      import { lookup } from 'node:dns/promises'
      import dns from 'node:dns'
      import { createSocket } from 'node:dgram'
      import { connect, createServer } from 'node:net'
      connect({ host: '192.0.2.1', port: 9 }).on('error', () => {})
      connect(9, 'printer.invalid').on('error', () => {})
      createSocket('udp4').on('error', () => {}).send('out', 9, '192.0.2.2', () => {})
      lookup('promised.invalid').catch(() => {})
      dns.resolve4('resolved.invalid', () => {})
      new dns.promises.Resolver().resolve4('asked.invalid').catch(() => {})
      fetch('http://192.0.2.3:4017/').catch(() => {})
      createServer().listen(0, '0.0.0.0', () => setTimeout(() => process.exit(0), 200))`
    await run(process.execPath, ['--import', WATCH, '--input-type=module', '--eval', culprit], { env: { ...process.env, NODE_OPTIONS: '', PARLEY_WATCH_FILE: file } })
    const told = (await watched(file)).map(({ kind, target }) => `${kind} ${target.replace(/^0\.0\.0\.0:\d+$/, 'everywhere')}`)
    expect(told).to.include.members([
      'connect 192.0.2.1:9', 'connect printer.invalid:9', 'look-up printer.invalid', 'datagram 192.0.2.2',
      'look-up promised.invalid', 'look-up resolved.invalid', 'look-up asked.invalid', 'connect 192.0.2.3:4017', 'listen everywhere'
    ])
  })

  it('carries no packet out, by what the kernel counts on the only way out', async function () {
    const reason = whyNoNamespace()
    if (reason !== undefined) {
      console.log(`      skipped: ${reason}`)
      return this.skip()
    }
    const { stdout } = await run('unshare', ['--net', process.execPath, script('sealed-off.ts'), join(folder.path, 'sealed-off')], { env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' } })
    const { story, sent } = lastLine<SealedOff>(stdout)
    console.log(`      packets sent out: ${sent.before} before, ${sent.story} during the story, ${sent.onPurpose.tcp} and ${sent.onPurpose.udp} when something was sent on purpose`)
    expectTold(story)
    expectLoopbackSockets(story.sockets)
    expect(sent.story).to.equal(0)
    expect(sent.onPurpose.tcp, 'a connection on purpose is seen').to.be.above(0)
    expect(sent.onPurpose.udp, 'a datagram on purpose is seen').to.be.above(0)
  })
})

function expectTold ({ statuses, playedBy, bob }: ToldStory): void {
  expect(statuses).to.deep.equal(['stored', 'stored'])
  expect(playedBy).to.equal(bob)
}

/** What the kernel says of the processes while somebody spoke: the proxies listen, and all of it on loopback. */
function expectLoopbackSockets (sockets: KernelSocket[] | undefined): void {
  if (sockets === undefined) {
    console.log('      not looked at: the sockets of processes, which only Linux lists')
    return
  }
  const listening = sockets.filter(({ isListening }) => isListening)
  expect(listening.length, 'two proxies listen for TCP, WebSocket and their page').to.be.at.least(6)
  expect(listening.filter(({ local }) => !local.startsWith('127.0.0.1:'))).to.deep.equal([])
  const connected = sockets.filter(({ isListening }) => !isListening)
  expect(connected.length).to.be.above(0)
  expect(connected.filter(({ remote }) => !remote.startsWith('127.0.0.1:'))).to.deep.equal([])
}

function whyNoNamespace (): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has network namespaces'
  if (process.getuid?.() !== 0) return 'only root makes a network namespace'
  for (const tool of ['unshare', 'ip']) {
    if (!(process.env['PATH'] ?? '').split(':').some(part => existsSync(join(part, tool)))) return `${tool} is not installed (on Debian and Ubuntu: apt-get install util-linux iproute2)`
  }
  const attempt = spawnSync('unshare', ['--net', 'sh', '-c', 'ip link set lo up && ip link add out0 type veth peer name out1'], { encoding: 'utf8' })
  return attempt.status === 0 ? undefined : `this machine lets nobody make a network namespace with a link: ${attempt.stderr.trim()}`
}

function lastLine<T> (output: string): T {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T
}

async function watched (file: string): Promise<SocketEvent[]> {
  return (await readFile(file, 'utf8')).trim().split('\n').map(line => JSON.parse(line) as SocketEvent)
}
