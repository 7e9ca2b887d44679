import { createSystemClock } from '@parley/core'
import { expect } from 'chai'
import type { Io } from '../src/index.ts'
import { createQuestions } from '../src/questions.ts'

function terminal (...chunks: string[]): Io & { said: string } {
  const io = {
    said: '',
    cwd: '/',
    env: {},
    stdin: (async function * () { for (const chunk of chunks) yield new TextEncoder().encode(chunk) })(),
    stdinIsTerminal: true,
    stderrIsTerminal: true,
    columns: 80,
    clock: createSystemClock(),
    signal: new AbortController().signal,
    out () {},
    err (text: string) { io.said += text }
  }
  return io
}

describe('questions on standard input', () => {
  it('are answered line by line, however the lines arrive', async () => {
    const io = terminal('fi', 'rst\nsecond \nth', 'ird')
    const questions = createQuestions(io)
    expect(await questions.ask('One? ')).to.equal('first')
    expect(await questions.ask('Two? ')).to.equal('second')
    expect(await questions.ask('Three? ')).to.equal('third')
    expect(io.said).to.equal('One? Two? Three? ')
  })

  for (const [answer, isYes] of [['yes', true], ['Y', true], ['no', false], ['', false], ['yes please', false]] as const) {
    it(`take ${JSON.stringify(answer)} for ${isYes ? 'a yes' : 'no yes'}`, async () => {
      expect(await createQuestions(terminal(`${answer}\n`)).confirm('Sure?')).to.equal(isYes)
    })
  }

  it('end by name when nobody answers', async () => {
    const error = await createQuestions(terminal()).ask('Anybody? ').catch((error: unknown) => error as Error)
    expect((error as Error).name).to.equal('UsageError')
  })
})
