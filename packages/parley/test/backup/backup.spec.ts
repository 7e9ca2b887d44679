import { createSeededRandom, type Store } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptAge } from '../../src/backup/age-stream.ts'
import type { ContentRecord } from '../../src/backup/archive-records.ts'
import { writeArchive } from '../../src/backup/write-archive.ts'
import { createIdentity, exportBackup, importBackup, openParley, readIdentity, type ImportOptions } from '../../src/node.ts'
import { RECORDS, bytesOf, each } from './archive-vectors.ts'
import { mutate } from './mutate.ts'
import { KEY, LOCK, errorName, makeDevice } from './support.ts'

/** Everything that a store holds, as text. */
async function contentsOf (store: Store): Promise<string[]> {
  const found: string[] = []
  for await (const { key, value } of store.entries('')) found.push(`${key} ${Buffer.from(value).toString('hex')}`)
  for await (const { cid, bytes } of store.blockstore.getAll()) found.push(`${cid.toString()} ${Buffer.from(await bytesOf(bytes as AsyncIterable<Uint8Array>)).toString('hex')}`)
  return found
}

async function storedIn (folder: string): Promise<string[]> {
  const store = await openLevelStore(join(folder, 'store'))
  try {
    return await contentsOf(store)
  } finally {
    await store.close()
  }
}

describe('a backup', function () {
  this.timeout(60_000)
  let root: string
  let source: string
  let file: string
  let target: string
  let device: string

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'parley-backup-'))
    source = join(root, 'source')
    device = await makeDevice(source)
    await mkdir(join(root, 'files'))
    file = join(root, 'files', 'alice.age')
    await exportBackup(source, file, LOCK)
  })

  beforeEach(async () => { target = join(await mkdtemp(join(root, 'target-')), 'device') })

  after(async () => { await rm(root, { recursive: true, force: true }) })

  /** Imports what must be refused, and checks that nothing is left of it. */
  async function refusal (path: string, options: ImportOptions = KEY): Promise<string> {
    const name = await errorName(importBackup(path, target, options))
    expect(await readdir(join(target, '..'))).to.deep.equal([])
    return name
  }

  it('holds the whole device: identity, entries and blocks', async () => {
    const summary = await importBackup(file, target, KEY)
    expect(summary).to.include({ device, keys: 3, entries: 301, blocks: 300, sizeBytes: (await stat(file)).size })
    expect(await storedIn(target)).to.deep.equal(await storedIn(source))
    const [was, is] = [await readIdentity(source), await readIdentity(target)]
    expect(is.keys.seed).to.deep.equal(was.keys.seed)
    expect(is.keys.sealing.publicKey).to.deep.equal(was.keys.sealing.publicKey)
    expect(is.list.bytes).to.deep.equal(was.list.bytes)
    expect(await readdir(join(target, '..'))).to.deep.equal(['device'])
    expect((await stat(target)).mode & 0o777).to.equal(0o700)
  })

  it('starts as the same device', async () => {
    await importBackup(file, target, KEY)
    const parley = await openParley(target)
    try {
      expect(parley.device).to.equal(device)
    } finally {
      await parley.stop()
    }
  })

  it('goes into a folder that is empty, and into no other', async () => {
    await mkdir(target)
    await importBackup(file, target, KEY)
    expect(await errorName(importBackup(file, target, KEY))).to.equal('IdentityExistsError')
    expect((await readIdentity(target)).keys.did).to.equal(device)
    const other = `${target}-other`
    await mkdir(other)
    await writeFile(join(other, 'notes.txt'), 'mine')
    expect(await errorName(importBackup(file, other, KEY))).to.equal('IdentityExistsError')
    expect(await readFile(join(other, 'notes.txt'), 'utf8')).to.equal('mine')
  })

  it('is for its owner alone, and an age file like any other', async () => {
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    const decrypter = new Decrypter()
    decrypter.addPassphrase(LOCK.passphrase)
    const archive = await decrypter.decrypt(new Uint8Array(await readFile(file)))
    expect(new TextDecoder().decode(archive.subarray(0, 16))).to.equal('parley-backup/1\n')
    expect(await readdir(join(file, '..'))).to.deep.equal(['alice.age'])
  })

  it('can be made for recipients, any of whose identities opens it', async () => {
    const identities = await Promise.all([1, 2, 3].map(async () => await generateX25519Identity()))
    const recipients = await Promise.all(identities.slice(0, 2).map(async identity => await identityToRecipient(identity)))
    const out = join(root, 'recipients.age')
    await exportBackup(source, out, { recipients })
    expect(await refusal(out, { identity: identities[2] ?? '' })).to.equal('WrongBackupKeyError')
    expect(await refusal(out, KEY)).to.equal('WrongBackupKeyError')
    await importBackup(out, target, { identity: [identities[2] ?? '', identities[1] ?? ''] })
    expect((await readIdentity(target)).keys.did).to.equal(device)
  })

  it('opens with its passphrase alone', async () => {
    expect(await refusal(file, { passphrase: 'wrong' })).to.equal('WrongBackupKeyError')
    expect(await refusal(file, { identity: await generateX25519Identity() })).to.equal('WrongBackupKeyError')
    for (const options of [{ passphrase: '' }, { identity: 'AGE-SECRET-KEY-1NONE' }, {} as ImportOptions]) expect(await refusal(file, options)).to.equal('InvalidArgumentError')
  })

  it('is locked with exactly one thing that can open it again', async () => {
    const out = join(root, 'never.age')
    for (const lock of [{}, { passphrase: 'a', recipients: ['age1'] }, { passphrase: '' }, { recipients: [] }, { recipients: ['age1nobody'] }, { passphrase: 'a', workFactor: 30 }]) {
      expect(await errorName(exportBackup(source, out, lock as unknown as typeof LOCK)), JSON.stringify(lock)).to.equal('InvalidArgumentError')
    }
    expect(await readdir(root)).to.not.include('never.age')
  })

  it('keeps key files under their own passphrases, before and after', async () => {
    const locked = join(root, 'locked')
    await createIdentity(locked, { name: 'Bob', passphrase: 'first' })
    const out = join(root, 'locked.age')
    expect(await errorName(exportBackup(locked, out, LOCK))).to.equal('PassphraseNeededError')
    expect(await errorName(exportBackup(locked, out, { ...LOCK, keyPassphrase: 'wrong' }))).to.equal('WrongPassphraseError')
    await exportBackup(locked, out, { ...LOCK, keyPassphrase: 'first' })
    await importBackup(out, target, { ...KEY, keyPassphrase: 'second' })
    expect(await errorName(readIdentity(target, { passphrase: 'first' }))).to.equal('WrongPassphraseError')
    expect((await readIdentity(target, { passphrase: 'second' })).list.name).to.equal('Bob')
  })

  it('is made of a running device by its open store', async () => {
    const store = await openLevelStore(join(source, 'store'))
    try {
      const out = join(root, 'running.age')
      expect(await errorName(exportBackup(source, out, LOCK))).to.equal('StoreLockedError')
      expect(await exportBackup({ folder: source, store }, out, LOCK)).to.include({ entries: 301, blocks: 300 })
      await importBackup(out, target, KEY)
      expect(await storedIn(target)).to.deep.equal(await contentsOf(store))
    } finally {
      await store.close()
    }
  })

  it('is not made of a folder without identity', async () => {
    expect(await errorName(exportBackup(join(root, 'nobody'), join(root, 'nobody.age'), LOCK))).to.equal('NoIdentityError')
  })

  it('is refused wherever it is cut', async () => {
    const whole = await readFile(file)
    const chunk = 64 * 1024 + 16
    const payload = whole.byteLength - Math.floor(whole.byteLength / chunk) * chunk
    const lengths = [0, 1, 21, 22, 100, 200, payload, payload + 1, whole.byteLength - chunk, Math.floor(whole.byteLength / 2), whole.byteLength - 17, whole.byteLength - 1]
    const cut = join(root, 'cut.age')
    for (const length of lengths) {
      await writeFile(cut, whole.subarray(0, length))
      expect(await refusal(cut), `${length} bytes`).to.equal('DamagedBackupError')
    }
    await writeFile(cut, Buffer.concat([whole, Buffer.from([0])]))
    expect(await refusal(cut)).to.equal('DamagedBackupError')
  })

  it('is refused whatever is altered', async () => {
    const whole = await readFile(file)
    const altered = join(root, 'altered.age')
    const random = createSeededRandom(17)
    for (let count = 0; count < 60; count++) {
      // Half of them in the header, which is where a file says how to open it.
      const bytes = count % 2 === 0 ? mutate(whole, random) : Buffer.concat([mutate(whole.subarray(0, 220), random), whole.subarray(220)])
      await writeFile(altered, bytes)
      expect(await refusal(altered), `change ${count}`).to.be.oneOf(['DamagedBackupError', 'WrongBackupKeyError'])
    }
  })

  it('that never ends its header is refused without reading on', async () => {
    const endless = join(root, 'endless.age')
    for (const begin of ['', 'age-encryption.org/v1\n-> X25519 ']) {
      await writeFile(endless, begin + 'a'.repeat(4_000_000))
      let read = 0
      expect(await refusal(endless, { ...KEY, onProgress: ({ bytes }) => { read = bytes } })).to.equal('DamagedBackupError')
      expect(read).to.be.at.most(192 * 1024)
    }
    expect(await errorName(importBackup(join(root, 'missing.age'), target, KEY))).to.equal('StorageUnavailableError')
  })

  it('that holds something else than it says is refused', async () => {
    const odd = join(root, 'odd.age')
    const [header, key, entry, block] = RECORDS as [ContentRecord, ContentRecord, ContentRecord, Extract<ContentRecord, { type: 'block' }>]
    const { keys, list } = await readIdentity(source)
    const store: ContentRecord[] = [entry, block]
    const own: ContentRecord[] = [
      { type: 'key', name: 'device', secret: new Uint8Array(keys.seed) },
      { type: 'key', name: 'device-list', secret: new Uint8Array(list.bytes) },
      { type: 'key', name: 'sealing', secret: new Uint8Array(32).fill(3) }
    ]
    for (const records of [[header, key, ...store], [header, ...own, ...store], [header, ...own, { ...block, bytes: new Uint8Array(9) }], [header, ...own, { ...block, hash: Uint8Array.of(1, 2, 3) }]]) {
      await writeFile(odd, await bytesOf(encryptAge(writeArchive(each(records)), LOCK)))
      expect(await refusal(odd)).to.equal('DamagedBackupError')
    }
    await writeFile(odd, await bytesOf(encryptAge(each([new Uint8Array(5000)]), LOCK)))
    expect(await refusal(odd)).to.equal('DamagedBackupError')
  })

  it('stops when that is asked for, at whatever moment, and leaves nothing', async () => {
    const pieces = Math.ceil((await stat(file)).size / (64 * 1024))
    for (let stop = 1; stop <= pieces; stop++) {
      const stopping = new AbortController()
      let seen = 0
      const onProgress = (): void => { if (++seen === stop) stopping.abort(new DOMException('enough', 'AbortError')) }
      expect(await refusal(file, { ...KEY, onProgress, signal: stopping.signal }), `piece ${stop}`).to.equal('AbortError')
      const again = new AbortController()
      let written = 0
      const out = join(root, 'files', 'stopped.age')
      const tell = (): void => { if (++written === stop) again.abort(new DOMException('enough', 'AbortError')) }
      expect(await errorName(exportBackup(source, out, { ...LOCK, onProgress: tell, signal: again.signal }))).to.equal('AbortError')
      expect(await readdir(join(root, 'files'))).to.deep.equal(['alice.age'])
    }
  })

  it('removes what an import that was killed left beside, and nothing else', async () => {
    const parent = join(target, '..')
    for (const name of ['device.0123456789abcdef.importing', 'device.importing', 'other.0123456789abcdef.importing']) await mkdir(join(parent, name, 'keys'), { recursive: true })
    expect(await errorName(readIdentity(target))).to.equal('NoIdentityError')
    await importBackup(file, target, KEY)
    expect(await readdir(parent)).to.deep.equal(['device', 'device.importing', 'other.0123456789abcdef.importing'])
  })
})
