import { createSystemClock } from '@parley/core'
import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from '../src/commands/index.ts'
import { EXIT, run, type Io } from '../src/index.ts'

interface Said { code: number, out: string, err: string }

async function parley (argv: string[], env: Record<string, string> = {}): Promise<Said> {
  const said: Said = { code: -1, out: '', err: '' }
  const io: Io = {
    cwd: tmpdir(),
    env,
    stdin: (async function * () {})(),
    stdinIsTerminal: false,
    stderrIsTerminal: false,
    columns: 80,
    clock: createSystemClock(),
    signal: new AbortController().signal,
    out (text) { said.out += typeof text === 'string' ? text : Buffer.from(text).toString() },
    err (text) { said.err += text }
  }
  said.code = await run(argv, io)
  return said
}

describe('the command line', () => {
  let folder: string

  before(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-cli-')) })

  after(async () => { await rm(folder, { recursive: true, force: true }) })

  it('prints its help, with examples and exit codes, when nothing is asked', async () => {
    const { code, out } = await parley([])
    expect(code).to.equal(EXIT.usage)
    expect(out).to.match(/Examples:/).and.match(/Exit codes:/)
  })

  for (const { usage } of commands) {
    it(`helps with "${usage}" by an example`, async () => {
      const words = usage.split(' ').filter(word => !/^[<[]/.test(word))
      const { code, out } = await parley([...words, '--help'])
      expect(code).to.equal(EXIT.ok)
      expect(out).to.match(/Examples:\n {2}\$ (.*\| )?parley /).and.match(/--json/)
    })
  }

  it('suggests the command that was meant', async () => {
    const { code, err } = await parley(['inbux'])
    expect(code).to.equal(EXIT.usage)
    expect(err).to.match(/Did you mean inbox\?/)
  })

  it('refuses a flag that it does not know', async () => {
    const { code, err } = await parley(['inbox', '--loud'])
    expect(code).to.equal(EXIT.usage)
    expect(err).to.match(/unknown option '--loud'/)
  })

  it('says how to make an identity where there is none', async () => {
    const { code, err } = await parley(['inbox', '--data', join(folder, 'empty')])
    expect(code).to.equal(EXIT.notFound)
    expect(err).to.match(/^parley: There is no identity in .*parley id create/)
  })

  it('tells an error as JSON when asked to', async () => {
    const { code, out } = await parley(['inbox', '--data', join(folder, 'empty'), '--json'])
    expect(code).to.equal(EXIT.notFound)
    expect((JSON.parse(out) as { error: { name: string } }).error.name).to.equal('NoIdentityError')
  })

  it('finds its data folder by PARLEY_DATA', async () => {
    const { err } = await parley(['inbox'], { PARLEY_DATA: join(folder, 'elsewhere') })
    expect(err).to.match(/elsewhere/)
  })

  it('says that no proxy runs', async () => {
    const { code, err } = await parley(['proxy', 'status', '--data', folder])
    expect(code).to.equal(EXIT.notFound)
    expect(err).to.match(/No proxy is running/)
  })
})
