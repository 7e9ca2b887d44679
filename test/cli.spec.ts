import { expect } from 'chai'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '@parley/cli'
import { createSystemClock } from '@parley/core'
import { contactUrl, createContactCard } from '@parley/identity'
import { openAudio } from '@parley/media'
import { readIdentity } from 'parley/node'
import { command, type Said } from './harness/command.ts'
import { createPerson, introduce, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll, startParley } from './harness/parley-process.ts'
import { pcm16, speechFile } from './harness/speech.ts'

const COMMANDS = [
  'id create', 'id show', 'id name', 'id card', 'id restore', 'id passphrase', 'id export', 'id import', 'doctor', 'contact add', 'contact list', 'contact show', 'contact edit', 'contact remove', 'contact restore',
  'contact delete', 'contact block', 'contact unblock', 'contact verify', 'contact unverify', 'contact follow', 'contact export', 'contact alias',
  'group create', 'group add', 'group remove', 'group list', 'group delete', 'request list', 'request accept', 'request decline', 'policy show', 'policy set',
  'profile show', 'profile set', 'profile photo', 'profile clear', 'profile verify-name', 'presence show', 'presence set',
  'proxy start', 'proxy status', 'proxy add', 'proxy list', 'proxy move',
  'device start', 'device pair', 'device join', 'device list', 'device rename', 'device remove', 'device delete', 'call', 'inbox', 'play', 'reply', 'conversation list', 'conversation show'
]

interface Report { error: { name: string, message: string, causes: string[] } }

describe('the parley command', function () {
  this.timeout(120_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let alice: TestPerson
  let bob: TestPerson
  let sound: string
  let pcm: Buffer
  const at = (name: string): string => join(folder.path, name)
  const ofAlice = async (...args: string[]): Promise<Said> => await command([...args, '--data', alice.device])

  before(async () => {
    folder = await scenarioFolder()
    sound = at('sound.wav')
    pcm = pcm16(await speechFile(sound, { durationMs: 1000, seed: 81 }))
    ;[alice, bob] = await Promise.all([createPerson(folder.path, 'Alice'), createPerson(folder.path, 'Bob')])
    await introduce(alice, bob)
  })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  describe('in a folder without an identity', () => {
    it('says so and how to make one, in words or as JSON', async () => {
      const said = await command(['id', 'show', '--data', at('empty')])
      expect(said).to.include({ code: 3, out: '' })
      expect(said.err).to.include('There is no identity in').and.to.include('parley id create')
      const asJson = await command(['inbox', '--json', '--data', at('empty')])
      expect(asJson).to.include({ code: 3, err: '' })
      expect(asJson.json<Report>().error.name).to.equal('NoIdentityError')
    })
  })

  describe('with an identity already', () => {
    it('never replaces it', async () => {
      const before = await readFile(join(alice.device, 'keys', 'device.key'))
      const said = await ofAlice('id', 'create', '--name', 'Mallory')
      expect(said.code).to.equal(1)
      expect(said.err).to.include('already holds the identity').and.to.include(alice.did)
      expect((await readFile(join(alice.device, 'keys', 'device.key'))).equals(before)).to.equal(true)
    })

    it('takes the folder from PARLEY_DATA, and --data above that', async () => {
      const env = { PARLEY_DATA: alice.device }
      expect((await command(['id', 'show', '--json'], { env })).json()).to.include({ did: alice.did })
      expect((await command(['id', 'show', '--json', '--data', bob.device], { env })).json()).to.include({ did: bob.did })
    })
  })

  describe('that is called wrongly', () => {
    const wrong: Array<[string, string[], RegExp]> = [
      ['an unknown flag', ['call', 'Bob', '--adio', 'x'], /unknown option '--adio'[\s\S]*--audio/],
      ['an unknown command', ['cal', 'Bob'], /unknown command 'cal'[\s\S]*call/],
      ['a missing argument', ['call'], /missing required argument 'who'/],
      ['no audio', ['call', 'Bob'], /--audio FILE/],
      ['a number that is none', ['proxy', 'start', '--grace', 'soon'], /--grace takes a whole number/],
      ['a host that is no address', ['proxy', 'start', '--host', 'localhost'], /--host takes an IP address/],
      ['a folder of two minds', ['proxy', 'start', '--host', '127.0.0.1', '--listen', '/ip4/127.0.0.1/tcp/0'], /either --listen or --host/]
    ]
    for (const [what, args, words] of wrong) {
      it(`says what is wrong: ${what}`, async () => {
        const said = await ofAlice(...args)
        expect(said).to.include({ code: 2, out: '' })
        expect(said.err).to.match(words)
      })
    }

    it('says it as JSON to whoever asked for JSON', async () => {
      const said = await ofAlice('call', 'Bob', '--adio', 'x', '--json')
      expect(said).to.include({ code: 2, err: '' })
      expect(said.json<Report>().error).to.include({ name: 'UsageError', message: "unknown option '--adio'\n(Did you mean --audio?)" })
    })
  })

  describe('that is asked for help', () => {
    it('shows examples and exit codes, for every command', async () => {
      const all = await command(['--help'])
      expect(all.code).to.equal(0)
      expect(all.out).to.include('Examples:').and.to.include('Exit codes: 0 done')
      for (const name of COMMANDS) {
        const { code, out } = await help(name.split(' '))
        expect(code, name).to.equal(0)
        for (const words of ['Examples:\n  $ ', `parley ${name}`, '--data', '--json']) expect(out, name).to.include(words)
      }
    })

    it('shows the help and fails when nothing is asked', async () => {
      const { code, out } = await command([])
      expect(code).to.equal(2)
      expect(out).to.include('Usage: parley')
    })
  })

  describe('that is given a card', () => {
    it('refuses what is none, what was altered and what has expired, each in words', async () => {
      const none = await ofAlice('contact', 'add', 'hello')
      expect(none.code).to.equal(2)
      expect(none.err).to.include('no contact URL')

      const middle = Math.floor(bob.contactUrl.length / 2)
      const altered = bob.contactUrl.slice(0, middle) + (bob.contactUrl[middle] === 'a' ? 'b' : 'a') + bob.contactUrl.slice(middle + 1)
      const forged = await ofAlice('contact', 'add', altered, '--json')
      expect(forged.code).to.be.oneOf([1, 2])
      expect(forged.json<Report>().error.name).to.be.oneOf(['InvalidSignatureError', 'InvalidBytesError'])

      const { keys, list } = await readIdentity(bob.device)
      // No older than the device that signs it, and over by now.
      const old = contactUrl(await createContactCard(keys.signer, { list, routes: [], issued: list.issued, expires: list.issued + 1 }))
      const late = await ofAlice('contact', 'add', old)
      expect(late.code).to.equal(2)
      expect(late.err).to.match(/expired/)
      const contacts = (await ofAlice('contact', 'list', '--json')).json<Array<{ did: string }>>()
      expect(contacts.map(({ did }) => did), 'nothing was added').to.deep.equal([bob.did])
    })
  })

  describe('that is to speak', () => {
    it('does not know whom it was not told of', async () => {
      const said = await ofAlice('call', 'Nobody', '--audio', sound, '--json')
      expect(said.code).to.equal(3)
      expect(said.json<Report>().error).to.include({ name: 'UnknownContactError' }).and.to.have.property('message').that.includes('Nobody')
    })

    it('says which file cannot be read, and what is no sound, before anybody is called', async () => {
      const missing = await ofAlice('call', 'Bob', '--audio', at('missing.wav'))
      expect(missing.code).to.equal(1)
      expect(missing.err).to.include(at('missing.wav')).and.to.include('cannot be read')
      await writeFile(at('letter.wav'), 'Dear Bob, this is a letter and no sound.')
      const letter = await ofAlice('call', 'Bob', '--audio', at('letter.wav'), '--json')
      expect(letter.code).to.equal(1)
      expect(letter.json<Report>().error).to.include({ name: 'UnsupportedAudioError' }).and.to.have.property('message').that.includes('Ogg Opus')
      expect((await ofAlice('conversation', 'list', '--json')).json()).to.deep.equal({ conversations: [], next: null })
    })

    it('takes raw PCM on standard input, also at another rate with two channels', async () => {
      const plain = await command(['call', 'Bob', '--audio', '-', '--json', '--data', alice.device], { input: pcm })
      expect(plain.code).to.equal(0)
      expect(plain.json()).to.include({ event: 'ended', status: 'stored', durationMs: 1000 })
      const other = await command(['call', 'Bob', '--audio', '-', '--rate', '24000', '--channels', '2', '--json', '--data', alice.device], { input: pcm })
      expect(other.json()).to.include({ status: 'stored', durationMs: 1000 })
      const { messages } = (await command(['inbox', '--json', '--data', bob.device])).json<{ messages: unknown[] }>()
      expect(messages).to.have.length(2)
    })

    it('writes a message to a file that is whole, or to none', async () => {
      const out = at('standard.ogg')
      const said = await command(['play', '1', '--out', out, '--json', '--data', bob.device])
      expect(said.code).to.equal(0)
      expect((await openAudio(await readFile(out))).durationMs ?? 1000).to.be.within(960, 1040)
      expect((await readdir(folder.path)).filter(name => name.endsWith('.part'))).to.deep.equal([])
      const unwritable = await command(['play', '1', '--out', join(folder.path, 'nowhere', 'x.ogg'), '--data', bob.device])
      expect(unwritable.code).to.equal(1)
      expect(unwritable.err).to.include('cannot be written')
    })

    it('keeps it and says so when nobody can take it', async () => {
      await bob.proxy.stop()
      const said = await command(['call', 'Bob', '--audio', sound, '--fast', '--data', alice.device])
      await bob.restartProxy()
      expect(said.code).to.equal(5)
      expect(said.out).to.include('Kept on this device: 1.0 s').and.to.include('parley inbox')
    })
  })

  describe('that is to play', () => {
    it('says that there is no such message', async () => {
      const said = await ofAlice('play', '7')
      expect(said.code).to.equal(3)
      expect(said.err).to.include('There is no message 7').and.to.include('parley inbox')
      expect((await ofAlice('play', 'seven')).code).to.equal(3)
      expect((await ofAlice('reply', '7', '--audio', sound)).code).to.equal(3)
      expect((await ofAlice('conversation', 'show', 'nonsense')).code).to.equal(2)
    })
  })

  describe('beside a device that is on line', () => {
    it('works through it, and says it when the folder has another owner', async () => {
      const device = startParley(['device', 'start', '--data', alice.device])
      await device.event('ready')
      expect((await ofAlice('id', 'show', '--json')).json()).to.include({ did: alice.did })
      expect(await ofAlice('play', '7')).to.include({ code: 3, out: '' })
      const second = await ofAlice('device', 'start', '--json')
      expect(second.code).to.equal(6)
      expect(second.json<Report>().error.name).to.equal('StoreLockedError')
      // It still listens after the second one failed.
      expect((await ofAlice('contact', 'list', '--json')).json<unknown[]>()).to.have.length(1)
      expect(await device.stop()).to.equal(0)
      expect((await ofAlice('id', 'show', '--json')).json()).to.include({ did: alice.did })
    })

    it('goes on after its owner was killed', async () => {
      const device = startParley(['device', 'start', '--data', alice.device])
      await device.event('ready')
      await device.kill()
      expect((await ofAlice('id', 'show', '--json')).json()).to.include({ did: alice.did })
    })
  })

  describe('of a proxy', () => {
    it('tells how it is doing, and that none runs where none runs', async () => {
      const running = await command(['proxy', 'status', '--data', bob.proxyFolder])
      expect(running.code).to.equal(0)
      expect(running.out).to.include(bob.did).and.to.include('/ip4/127.0.0.1/tcp/').and.to.include('Messages')
      expect((await command(['proxy', 'status', '--json', '--data', bob.proxyFolder])).json()).to.include({ name: 'Bob', person: bob.did })
      const none = await command(['proxy', 'status', '--data', at('empty')])
      expect(none.code).to.equal(3)
      expect(none.err).to.include('No proxy is running in')
    })

    it('does not start a second time in one folder, and leaves the first alone', async () => {
      const second = await command(['proxy', 'start', '--unclaimed', '--host', '127.0.0.1', '--json', '--data', bob.proxyFolder])
      expect(second.code).to.equal(6)
      expect(second.json<Report>().error.name).to.equal('StoreLockedError')
      expect((await command(['proxy', 'status', '--data', bob.proxyFolder])).code).to.equal(0)
    })
  })

  describe('with a passphrase', () => {
    it('opens the keys with it alone', async () => {
      const [right, wrong, empty, data] = [at('right'), at('wrong'), at('no-words'), at('sealed')]
      await Promise.all([writeFile(right, 'correct horse\n'), writeFile(wrong, 'battery staple\n'), writeFile(empty, '\n')])
      expect((await command(['id', 'create', '--name', 'Eve', '--passphrase-file', right, '--data', data])).code).to.equal(0)
      const show = async (...args: string[]): Promise<Said> => await command(['id', 'show', '--json', '--data', data, ...args])
      expect((await show('--passphrase-file', right)).json()).to.include({ name: 'Eve' })
      expect((await command(['id', 'show', '--json', '--data', data], { env: { PARLEY_PASSPHRASE: 'correct horse' } })).json()).to.include({ name: 'Eve' })
      const [none, other] = [await show(), await show('--passphrase-file', wrong)]
      expect([none.code, none.json<Report>().error.name]).to.deep.equal([1, 'PassphraseNeededError'])
      expect([other.code, other.json<Report>().error.name]).to.deep.equal([1, 'WrongPassphraseError'])
      for (const file of [empty, at('missing')]) expect((await show('--passphrase-file', file)).code).to.equal(2)
    })
  })
})

/** Asks a command for its help in this process: sixteen starts would tell no more. */
async function help (words: string[]): Promise<{ code: number, out: string }> {
  let out = ''
  const code = await run([...words, '--help'], {
    cwd: '/',
    env: {},
    stdin: (async function * (): AsyncGenerator<Uint8Array> {})(),
    stdinIsTerminal: false,
    stderrIsTerminal: false,
    columns: 80,
    clock: createSystemClock(),
    signal: new AbortController().signal,
    out (text) { out += String(text) },
    err () {}
  })
  return { code, out }
}
