import type { KeyStore } from '@parley/identity'
import { changeKeyPassphrase, createFileKeyStore } from '@parley/identity/node'
import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SWITCH_FILE, encodeSwitch, readSwitch } from '../src/key-switch.ts'
import { dyingAt } from './support/dying-files.ts'
import { secret } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

const NAMES = ['device', 'sealing']
/** Writing a file takes eight steps; first all keys as one, then each in its place, then that one goes. */
const STEPS = 8 + 8 * NAMES.length + 1 + 3
/** The step that names the new keys: everything before it leaves the old ones, everything after it the new ones. */
const SWITCHED = 5

describe('the passphrase of a key folder', function () {
  this.timeout(120_000)
  let root: string
  const originals = new Map<string, string>()

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'parley-passphrase-'))
    for (const passphrase of [undefined, 'first']) {
      const folder = join(root, passphrase ?? 'none')
      const store = createFileKeyStore(folder, { passphrase })
      for (const [index, name] of NAMES.entries()) await store.put(name, secret(index))
      originals.set(passphrase ?? '', folder)
    }
  })

  after(async () => { await rm(root, { recursive: true, force: true }) })

  async function copyOf (passphrase: string | undefined): Promise<string> {
    const folder = await mkdtemp(join(root, 'copy-'))
    await cp(originals.get(passphrase ?? '') ?? '', folder, { recursive: true })
    return folder
  }

  async function readable (folder: string, passphrase: string | undefined): Promise<boolean> {
    const store: KeyStore = createFileKeyStore(folder, { passphrase })
    expect(await store.list()).to.deep.equal(NAMES)
    const all = await Promise.all(NAMES.map(async (name, index) => {
      const name2 = await nameOfError(async () => { expect(await store.get(name)).to.deep.equal(secret(index)) })
      return name2 === 'no error'
    }))
    return all.every(Boolean)
  }

  for (const [from, to] of [[undefined, 'second'], ['first', 'second'], ['first', undefined]] as const) {
    const what = `from ${from ?? 'none'} to ${to ?? 'none'}`

    it(`changes ${what} for every key`, async () => {
      const folder = await copyOf(from)
      await changeKeyPassphrase(folder, { from, to })
      expect(await readable(folder, to)).to.equal(true)
      if (to !== undefined) expect(await readable(folder, from)).to.equal(false)
      expect(await readdir(folder)).to.deep.equal(NAMES.map(name => `${name}.key`))
      const holdsSecret = (await readFile(join(folder, 'device.key'))).includes(Buffer.from(secret(0)))
      expect(holdsSecret).to.equal(to === undefined)
    })

    it(`leaves all keys with the old or all with the new, wherever the change ${what} dies`, async () => {
      // Deriving keys takes its time: from one passphrase to another only the steps about the switch.
      for (let step = 0; step < (from !== undefined && to !== undefined ? SWITCHED + 2 : STEPS); step++) {
        const folder = await copyOf(from)
        const files = dyingAt(step, 'EIO')
        expect(await nameOfError(async () => { await changeKeyPassphrase(folder, { from, to, files }) }), `step ${step}`).to.equal('StorageUnavailableError')
        const now = step < SWITCHED ? from : to
        expect(await readable(folder, now), `step ${step}`).to.equal(true)
        // The next write finishes what was decided and removes what was not.
        await createFileKeyStore(folder, { passphrase: now }).put('device', secret(0))
        expect(await readable(folder, now), `after step ${step}`).to.equal(true)
        expect(await readdir(folder), `step ${step}`).to.deep.equal(NAMES.map(name => `${name}.key`))
      }
      const whole = dyingAt(STEPS, 'EIO')
      await changeKeyPassphrase(await copyOf(from), { from, to, files: whole })
      expect(whole.steps()).to.equal(STEPS)
    })
  }

  it('is not changed with a wrong one', async () => {
    const folder = await copyOf('first')
    const before = await Promise.all(NAMES.map(async name => await readFile(join(folder, `${name}.key`))))
    expect(await nameOfError(async () => { await changeKeyPassphrase(folder, { from: 'wrong', to: 'second' }) })).to.equal('WrongPassphraseError')
    expect(await nameOfError(async () => { await changeKeyPassphrase(folder, { to: 'second' }) })).to.equal('PassphraseNeededError')
    expect(await nameOfError(async () => { await changeKeyPassphrase(folder, { from: 'first', to: '' }) })).to.equal('InvalidArgumentError')
    expect(await readdir(folder)).to.deep.equal(NAMES.map(name => `${name}.key`))
    expect(await Promise.all(NAMES.map(async name => await readFile(join(folder, `${name}.key`))))).to.deep.equal(before)
  })

  it('is not changed when one of the keys is damaged', async () => {
    const folder = await copyOf('first')
    await writeFile(join(folder, 'sealing.key'), 'nothing')
    expect(await nameOfError(async () => { await changeKeyPassphrase(folder, { from: 'first', to: 'second' }) })).to.equal('DamagedKeyFileError')
    expect(await createFileKeyStore(folder, { passphrase: 'first' }).get('device')).to.deep.equal(secret(0))
  })

  it('changes nothing where there is no key', async () => {
    const folder = join(root, 'empty')
    await changeKeyPassphrase(folder, { to: 'second' })
    expect(await createFileKeyStore(folder).list()).to.deep.equal([])
  })
})

describe('a switch of keys', () => {
  it('that is damaged is refused by name, whatever byte it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-switch-'))
    try {
      const bytes = encodeSwitch([{ name: 'b', bytes: secret(1) }, { name: 'a', bytes: secret(2) }])
      const path = join(folder, SWITCH_FILE)
      await writeFile(path, bytes)
      expect((await readSwitch(folder))?.map(({ name }) => name)).to.deep.equal(['a', 'b'])
      const random = createSeededRandom(5)
      for (let index = 0; index < bytes.byteLength; index++) {
        await writeFile(path, bytes.with(index, (bytes[index] ?? 0) ^ (1 + (random(1)[0] ?? 0) % 255)))
        expect(await nameOfError(async () => await readSwitch(folder))).to.equal('DamagedKeyFileError')
        expect(await nameOfError(async () => await createFileKeyStore(folder).get('a'))).to.equal('DamagedKeyFileError')
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
