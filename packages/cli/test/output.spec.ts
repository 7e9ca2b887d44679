import { expect } from 'chai'
import { exitCodeOf } from '../src/index.ts'
import { reportOf } from '../src/exit-code.ts'
import { clockTime, table } from '../src/output.ts'
import { sparkline } from '../src/progress.ts'
import { listenAddresses } from '../src/proxy-settings.ts'
import { dataFolder } from '../src/data-folder.ts'
import { readTime } from '../src/conversation/time.ts'
import { createShortIds } from '../src/conversation/items.ts'
import { forTerminal, jsonForTerminal, shortened } from '../src/terminal-text.ts'

describe('what the command line prints', () => {
  it('tells lengths as people read them', () => {
    expect([0, 7_400, 751_000, 3_729_000].map(clockTime)).to.deep.equal(['0:00', '0:07', '12:31', '1:02:09'])
  })

  it('sets columns as wide as their widest cell', () => {
    expect(table(['N', 'FROM'], [['1', 'Alice'], ['12', 'Bo']])).to.equal('N   FROM\n1   Alice\n12  Bo\n')
  })

  it('keeps each row of a table in one line', () => {
    expect(table(['A'], [['one\nB  two']])).to.equal('A\none B two\n')
  })

  it('takes the power out of what others wrote, and nothing else', () => {
    expect(forTerminal('a\tb\r\nc\u001b]0;x\u0007\u009b1m\u202ed 👍')).to.equal('a\tb\nc\ufffd]0;x\ufffd\ufffd1md 👍')
    const value = { text: '\u001b[2J\u009b\u007f\u2066\n“é”' }
    expect(jsonForTerminal(value)).not.to.match(/\p{Cc}|\u2066/u)
    expect(JSON.parse(jsonForTerminal(value))).to.deep.equal(value)
    expect(shortened('one\ntwo three', 8)).to.equal('one two…')
  })

  it('reads times as dates of the machine\'s zone, or as far from now', () => {
    const now = Date.parse('2031-05-20T12:00Z')
    expect(readTime('--at', '2h', { now })).to.equal(now + 7_200_000)
    expect(readTime('--since', '7d', { now, isPast: true })).to.equal(now - 604_800_000)
    expect(readTime('--at', '2031-05-20', { now })).to.equal(new Date(2031, 4, 20).getTime())
    for (const text of ['soon', '2x', '', '-2h']) expect(() => readTime('--at', text, { now }), text).to.throw(/--at takes a date/)
  })

  it('shortens ids as far as they stay different', () => {
    expect(['a1b2c3d4e5', 'a1b2c3d4f6'].map(createShortIds(['a1b2c3d4e5', 'a1b2c3d4f6']))).to.deep.equal(['a1b2c3d4e', 'a1b2c3d4f'])
    expect(createShortIds(['a1b2c3d4e5'])('a1b2c3d4e5')).to.equal('a1b2c3')
  })

  it('draws a waveform within its width, loud high and silence blank', () => {
    expect(sparkline(Uint8Array.of(0, 255, 0), 10)).to.equal(' █ ')
    expect(sparkline(new Uint8Array(1000).fill(255), 60)).to.have.length(60)
    expect(sparkline(new Uint8Array(0), 60)).to.equal('')
  })

  it('tells an error with what caused it, and its exit code', () => {
    const error = Object.assign(new Error('nobody there', { cause: new Error('refused') }), { name: 'PeerUnreachableError' })
    expect(reportOf(error)).to.deep.equal({ name: 'PeerUnreachableError', message: 'nobody there', causes: ['refused'] })
    expect(exitCodeOf(error)).to.equal(4)
    expect(reportOf(Object.assign(new Error('no such'), { name: 'UnknownContactError' }))).to.have.property('hint').that.includes('parley contact list')
    expect(exitCodeOf(new Error('else'))).to.equal(1)
  })
})

describe('where a proxy listens', () => {
  it('keeps the ports it had', async () => {
    expect(await listenAddresses(undefined, undefined, { tcpPort: 4017, wsPort: 4018 })).to.deep.equal(['/ip4/0.0.0.0/tcp/4017', '/ip4/0.0.0.0/tcp/4018/ws'])
  })

  it('takes the address it is told', async () => {
    expect(await listenAddresses(undefined, '::1', {})).to.deep.equal(['/ip6/::1/tcp/0', '/ip6/::1/tcp/0/ws'])
    expect(await listenAddresses(['/ip4/127.0.0.1/tcp/1'], undefined, { tcpPort: 2 })).to.deep.equal(['/ip4/127.0.0.1/tcp/1'])
  })
})

describe('the data folder', () => {
  it('is what is given, else the environment\'s, else in the user\'s data home', () => {
    const env = { PARLEY_DATA: '/var/parley', XDG_DATA_HOME: '/home/a/data' }
    expect(dataFolder({ cwd: '/here', env }, 'here').root).to.equal('/here/here')
    expect(dataFolder({ cwd: '/here', env }, undefined).root).to.equal('/var/parley')
    expect(dataFolder({ cwd: '/here', env: { XDG_DATA_HOME: '/home/a/data' } }, undefined).root).to.equal('/home/a/data/parley')
  })
})
