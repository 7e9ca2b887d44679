import { createSeededRandom } from '@parley/core'
import type { KeyStore } from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { expect } from 'chai'
import fc from 'fast-check'
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dyingAt } from './support/dying-files.ts'
import { secret } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

interface Suite { keyStoreTests(name: string, suite: { create(): Promise<KeyStore>, reopen?(store: KeyStore): Promise<KeyStore> }): void }

// The suites depend on this package, so its project cannot name theirs.
const { keyStoreTests } = await import(new URL('../../compliance-tests/src/key-store-suite.ts', import.meta.url).href) as Suite

const folders: string[] = []
async function createFolder (): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'parley-keys-')), 'keys')
  folders.push(join(folder, '..'))
  return folder
}

after(async () => { await Promise.all(folders.map(async folder => { await rm(folder, { recursive: true, force: true }) })) })

for (const passphrase of [undefined, 'correct horse']) {
  const places = new Map<KeyStore, string>()
  keyStoreTests(passphrase === undefined ? 'a folder of key files' : 'a folder of encrypted key files', {
    async create () {
      const folder = await createFolder()
      const store = createFileKeyStore(folder, { passphrase })
      places.set(store, folder)
      return store
    },
    reopen: async store => createFileKeyStore(places.get(store) ?? '', { passphrase })
  })
}

describe('a key file', () => {
  it('can be read by its owner alone, as can its folder', async () => {
    const folder = await createFolder()
    await createFileKeyStore(folder).put('person', secret(1))
    expect((await stat(join(folder, 'person.key'))).mode & 0o777).to.equal(0o600)
    expect((await stat(folder)).mode & 0o777).to.equal(0o700)
  })

  it('closes a folder that was open to others', async () => {
    const folder = await createFolder()
    const store = createFileKeyStore(folder)
    await store.put('person', secret(1))
    await chmod(folder, 0o755)
    await store.put('device', secret(2))
    expect((await stat(folder)).mode & 0o777).to.equal(0o700)
  })

  it('holds the secret in clear only when there is no passphrase', async () => {
    const folder = await createFolder()
    await createFileKeyStore(folder).put('clear', secret(1))
    await createFileKeyStore(folder, { passphrase: 'correct horse' }).put('sealed', secret(1))
    expect((await readFile(join(folder, 'clear.key'))).includes(Buffer.from(secret(1)))).to.equal(true)
    expect((await readFile(join(folder, 'sealed.key'))).includes(Buffer.from(secret(1)))).to.equal(false)
  })
})

describe('an encrypted key file', () => {
  it('opens with its passphrase alone, and says whether one is missing or wrong', async () => {
    const folder = await createFolder()
    await createFileKeyStore(folder, { passphrase: 'correct horse' }).put('person', secret(1))
    expect(await createFileKeyStore(folder, { passphrase: 'correct horse' }).get('person')).to.deep.equal(secret(1))
    expect(await nameOfError(async () => await createFileKeyStore(folder, { passphrase: 'wrong' }).get('person'))).to.equal('WrongPassphraseError')
    expect(await nameOfError(async () => await createFileKeyStore(folder).get('person'))).to.equal('PassphraseNeededError')
    expect(await nameOfError(() => createFileKeyStore(folder, { passphrase: '' }))).to.equal('InvalidArgumentError')
  })

  it('opens however the passphrase was typed', async () => {
    const folder = await createFolder()
    await createFileKeyStore(folder, { passphrase: 'caf\u00e9' }).put('person', secret(1))
    expect(await createFileKeyStore(folder, { passphrase: 'cafe\u0301' }).get('person')).to.deep.equal(secret(1))
  })

  it('cannot stand for another key', async () => {
    const folder = await createFolder()
    const store = createFileKeyStore(folder, { passphrase: 'x' })
    await store.put('person', secret(1))
    await writeFile(join(folder, 'device.key'), await readFile(join(folder, 'person.key')))
    expect(await nameOfError(async () => await store.get('device'))).to.equal('DamagedKeyFileError')
  })
})

describe('a damaged key file', () => {
  it('is refused by name wherever it was cut or altered', async () => {
    const folder = await createFolder()
    const store = createFileKeyStore(folder)
    await store.put('person', secret(1))
    const path = join(folder, 'person.key')
    const bytes = await readFile(path)
    for (let length = 0; length < bytes.byteLength; length++) {
      await writeFile(path, bytes.subarray(0, length))
      expect(await nameOfError(async () => await store.get('person'))).to.equal('DamagedKeyFileError')
    }
    await fc.assert(fc.asyncProperty(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (index, change) => {
      const altered = Uint8Array.from(bytes)
      altered[index] = (altered[index] ?? 0) ^ change
      await writeFile(path, altered)
      expect(await nameOfError(async () => await store.get('person'))).to.equal('DamagedKeyFileError')
    }))
  })

  it('does not hide the others', async () => {
    const folder = await createFolder()
    const store = createFileKeyStore(folder)
    await store.put('person', secret(1))
    await store.put('device', secret(2))
    await writeFile(join(folder, 'device.key'), '')
    expect(await store.get('person')).to.deep.equal(secret(1))
    expect(await store.list()).to.deep.equal(['device', 'person'])
  })
})

describe('a write that dies', () => {
  const names = ['open', 'write', 'sync', 'close', 'rename', 'open folder', 'sync folder', 'close folder'] as const

  for (const [step, name] of names.entries()) {
    it(`at ${name} leaves the old secret or the new one, and no other name`, async () => {
      const folder = await createFolder()
      await createFileKeyStore(folder).put('person', secret(1))
      const dying = createFileKeyStore(folder, { files: dyingAt(step, 'EIO') })
      expect(await nameOfError(async () => { await dying.put('person', secret(2)) })).to.equal('StorageUnavailableError')
      const store = createFileKeyStore(folder)
      expect(await store.get('person')).to.deep.equal(secret(step <= 4 ? 1 : 2))
      expect(await store.list()).to.deep.equal(['person'])
      // Whatever was left over is gone with the next write.
      await store.put('person', secret(3))
      expect(await readdir(folder)).to.deep.equal(['person.key'])
    })
  }

  it('tells a full disk from a missing one', async () => {
    for (const [code, reason] of [['ENOSPC', 'full'], ['EDQUOT', 'full'], ['ENOENT', 'missing'], ['EIO', 'failed']] as const) {
      const store = createFileKeyStore(await createFolder(), { files: dyingAt(1, code) })
      const error: unknown = await store.put('person', secret(1)).then(() => undefined, (cause: unknown) => cause)
      expect(error).to.include({ name: 'StorageUnavailableError', reason })
    }
  })
})

describe('a key store with seeded random bytes', () => {
  it('writes the same file each time', async () => {
    const files = await Promise.all([1, 2].map(async () => {
      const folder = await createFolder()
      await createFileKeyStore(folder, { passphrase: 'x', random: createSeededRandom(4) }).put('person', secret(1))
      return await readFile(join(folder, 'person.key'))
    }))
    expect(files[0]).to.deep.equal(files[1])
  })
})
