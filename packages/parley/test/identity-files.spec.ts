import { expect } from 'chai'
import { mkdtemp, readdir, rm, stat, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdentity, openParley, readIdentity } from '../src/node.ts'

async function errorName (work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'nothing', (error: unknown) => (error as Error).name)
}

describe('the identity of a data folder', () => {
  let folder: string

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-identity-')) })

  afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

  it('is made once and read again', async () => {
    const made = await createIdentity(folder, { name: 'Alice', deviceName: 'laptop' })
    const read = await readIdentity(folder)
    expect(read.list.person).to.equal(made.person)
    expect(read.keys.did).to.equal(made.device)
    expect(read.personSigner?.did).to.equal(made.person)
    expect(read.list.devices[0]?.roles).to.have.members(['endpoint', 'admin'])
  })

  it('is never replaced', async () => {
    const { person } = await createIdentity(folder, { name: 'Alice' })
    expect(await errorName(createIdentity(folder, { name: 'Mallory' }))).to.equal('IdentityExistsError')
    expect((await readIdentity(folder)).list.person).to.equal(person)
  })

  it('is in files that only their owner may read', async () => {
    await createIdentity(folder, { name: 'Alice' })
    for (const file of await readdir(join(folder, 'keys'))) expect((await stat(join(folder, 'keys', file))).mode & 0o777, file).to.equal(0o600)
  })

  it('opens with its passphrase alone', async () => {
    await createIdentity(folder, { name: 'Alice', passphrase: 'correct horse' })
    expect(await errorName(readIdentity(folder))).to.equal('PassphraseNeededError')
    expect(await errorName(readIdentity(folder, { passphrase: 'wrong' }))).to.equal('WrongPassphraseError')
    expect((await readIdentity(folder, { passphrase: 'correct horse' })).list.name).to.equal('Alice')
  }).timeout(20_000)

  it('is not there in an empty folder, nor in one where making it was interrupted', async () => {
    expect(await errorName(readIdentity(folder))).to.equal('NoIdentityError')
    await createIdentity(folder, { name: 'Alice' })
    const [list] = (await readdir(join(folder, 'keys'))).filter(name => name.includes('device-list'))
    await unlink(join(folder, 'keys', list ?? ''))
    expect(await errorName(readIdentity(folder))).to.equal('NoIdentityError')
  })

  it('belongs to one process at a time', async () => {
    await createIdentity(folder, { name: 'Alice' })
    const parley = await openParley(folder)
    try {
      expect(await errorName(openParley(folder))).to.equal('StoreLockedError')
    } finally {
      await parley.stop()
    }
    await (await openParley(folder)).stop()
  }).timeout(20_000)
})
