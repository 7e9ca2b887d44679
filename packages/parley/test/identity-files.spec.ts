import { expect } from 'chai'
import { openLevelStore } from '@parley/network/node'
import { mkdtemp, readFile, readdir, rm, stat, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeededRandom, createVirtualClock } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createSigner, extendDeviceList, recoverySealingOf, rolesOf, seedOfPhrase, type ContactCard } from '@parley/identity'
import { changePassphrase, createIdentity, openParley, readIdentity, restoreIdentity, writePairedIdentity } from '../src/node.ts'

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

/** Removes what would not be there yet, had the writing been killed after so many of its files. */
async function killedAfter (folder: string, written: number): Promise<void> {
  for (const name of ['device', 'sealing', 'device-list'].slice(written)) await unlink(join(folder, 'keys', `${name}.key`))
}

describe('the key of the person', () => {
  let folder: string

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-person-')) })

  afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

  it('is in the phrase and in no file', async () => {
    const { phrase, person } = await createIdentity(folder, { name: 'Alice' })
    const seed = seedOfPhrase(phrase)
    expect((await createSigner(seed)).did).to.equal(person)
    expect((await readdir(join(folder, 'keys'))).sort()).to.deep.equal(['device-list.key', 'device.key', 'sealing.key'])
    for (const file of await readdir(join(folder, 'keys'))) expect((await readFile(join(folder, 'keys', file))).includes(Buffer.from(seed)), file).to.equal(false)
    expect(await readIdentity(folder)).to.not.have.property('personSigner')
  })

  it('is kept when that is asked for', async () => {
    const { person } = await createIdentity(folder, { name: 'Alice', keepPersonKey: true })
    expect((await readIdentity(folder)).personSigner?.did).to.equal(person)
  })

  it('is announced as the recovery key of the list', async () => {
    const { phrase } = await createIdentity(folder, { name: 'Alice' })
    const { list } = await readIdentity(folder)
    expect(list.recovery).to.deep.equal((await recoverySealingOf(seedOfPhrase(phrase))).publicKey)
  })

  it('that another making left behind, killed half way, is not taken for the person\'s', async () => {
    await createIdentity(folder, { name: 'Mallory', keepPersonKey: true })
    await killedAfter(folder, 0)
    const { person } = await createIdentity(folder, { name: 'Alice' })
    const read = await readIdentity(folder)
    expect(read.list.person).to.equal(person)
    expect(read).to.not.have.property('personSigner')
  })
})

describe('an identity that is restored from its phrase', () => {
  const clock = createVirtualClock()
  let root: string
  let folder: string
  let phrase: string
  let card: ContactCard

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'parley-restore-'))
    const old = join(root, 'old')
    phrase = (await createIdentity(old, { name: 'Alice', deviceName: 'lost', clock })).phrase
    const { keys, list } = await readIdentity(old)
    card = await createContactCard(keys.signer, { list, routes: [{ device: keys.did, addresses: ['/ip4/127.0.0.1/tcp/1'] }], issued: clock.now(), expires: clock.now() + 1000 })
    await clock.advance(60_000)
  })

  beforeEach(async () => { folder = await mkdtemp(join(root, 'new-')) })

  after(async () => { await rm(root, { recursive: true, force: true }) })

  it('is a new device of the same person, signed for by the person', async () => {
    const restored = await restoreIdentity(folder, { phrase: ` ${phrase.toUpperCase()} `, card: card.bytes, deviceName: 'new', clock })
    expect(restored.list.person).to.equal(card.list.person)
    expect(restored.personSigner.did).to.equal(card.list.person)
    expect(restored.list.devices.map(({ name }) => name)).to.have.members(['lost', 'new'])
    expect(rolesOf(restored.list, restored.keys.did, clock.now())).to.deep.equal(['admin', 'endpoint'])
    expect(restored.recovery.publicKey).to.deep.equal(restored.list.recovery)
    expect(restored.card.routes).to.have.length(1)
    const read = await readIdentity(folder)
    expect(read.keys.did).to.equal(restored.keys.did)
    expect(read.list.bytes).to.deep.equal(restored.list.bytes)
    expect(read).to.not.have.property('personSigner')
  })

  it('may revoke the lost device at once', async () => {
    const { personSigner, list } = await restoreIdentity(folder, { phrase, card: card.bytes, clock })
    const lost = card.list.devices[0]?.device ?? ''
    const after = await extendDeviceList(personSigner, list, { revoke: [lost] }, { at: clock.now() })
    expect(rolesOf(after, lost, clock.now())).to.deep.equal([])
  })

  it('gets the recovery key onto a list that has none', async () => {
    const person = await createSigner(seedOfPhrase(phrase))
    const keys = await createDeviceKeys({ seed: new Uint8Array(32).fill(7), sealingSecret: new Uint8Array(32).fill(8) })
    const list = await createDeviceList(person, { name: '', issued: clock.now(), devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'x', platform: 'linux', roles: ['proxy'], capabilities: [], added: clock.now() }] })
    const bare = await createContactCard(keys.signer, { list, routes: [], issued: clock.now(), expires: clock.now() + 1 })
    const restored = await restoreIdentity(folder, { phrase, card: bare.bytes, clock })
    expect(restored.list.recovery).to.deep.equal(restored.recovery.publicKey)
  })

  it('is not made of another person\'s phrase, of a wrong one, or of a card that is none', async () => {
    const other = await createIdentity(join(folder, 'other'), { name: 'Bob' })
    expect(await errorName(restoreIdentity(folder, { phrase: other.phrase, card: card.bytes }))).to.equal('WrongPersonError')
    expect(await errorName(restoreIdentity(folder, { phrase: phrase.replace(/ \w+$/, ''), card: card.bytes }))).to.equal('PhraseLengthError')
    expect(await errorName(restoreIdentity(folder, { phrase: phrase.replace(/^\w+/, 'parley'), card: card.bytes }))).to.equal('UnknownPhraseWordError')
    expect(await errorName(restoreIdentity(folder, { phrase, card: card.bytes.with(200, (card.bytes[200] ?? 0) ^ 1) }))).to.be.oneOf(['InvalidBytesError', 'InvalidSignatureError'])
    expect(await errorName(readIdentity(folder))).to.equal('NoIdentityError')
    expect(await readdir(folder)).to.deep.equal(['other'])
  })

  it('does not take the place of one that is there', async () => {
    await createIdentity(folder, { name: 'Bob' })
    expect(await errorName(restoreIdentity(folder, { phrase, card: card.bytes }))).to.equal('IdentityExistsError')
  })

  it('is not there when making it was killed, and can be made again', async () => {
    for (const written of [0, 1, 2]) {
      const place = join(folder, String(written))
      const first = await restoreIdentity(place, { phrase, card: card.bytes, clock })
      await killedAfter(place, written)
      expect(await errorName(readIdentity(place))).to.equal('NoIdentityError')
      const second = await restoreIdentity(place, { phrase, card: card.bytes, clock })
      expect(second.keys.did).to.not.equal(first.keys.did)
      expect((await readIdentity(place)).keys.did).to.equal(second.keys.did)
    }
  })
})

describe('an identity of a device that was paired', () => {
  const clock = createVirtualClock()
  const [seed, sealingSecret] = [createSeededRandom(1)(32), createSeededRandom(2)(32)]
  let folder: string

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-paired-')) })

  afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

  async function pairedList () {
    const admin = join(folder, 'admin')
    await createIdentity(admin, { name: 'Alice', clock })
    const { keys, list } = await readIdentity(admin)
    const mine = await createDeviceKeys({ seed, sealingSecret })
    const record = { device: mine.did, sealing: mine.sealing.publicKey, name: 'phone', platform: 'linux', roles: ['endpoint' as const], capabilities: [], added: clock.now() }
    return { before: list, list: await extendDeviceList(keys.signer, list, { add: [record] }, { at: clock.now() }), did: mine.did }
  }

  it('is what was agreed', async () => {
    const { list, did } = await pairedList()
    const written = await writePairedIdentity(folder, { seed, sealingSecret, list, passphrase: 'correct horse' })
    expect(written.keys.did).to.equal(did)
    expect((await readIdentity(folder, { passphrase: 'correct horse' })).list.bytes).to.deep.equal(list.bytes)
    expect(await errorName(writePairedIdentity(folder, { seed, sealingSecret, list, passphrase: 'correct horse' }))).to.equal('IdentityExistsError')
  }).timeout(20_000)

  it('is not written when the list does not name it so', async () => {
    const { before, list, did } = await pairedList()
    const admin = (await readIdentity(join(folder, 'admin'))).keys.signer
    const revoked = await extendDeviceList(admin, list, { revoke: [did] }, { at: clock.now() })
    for (const [wrong, secret] of [[before, sealingSecret], [list, seed], [revoked, sealingSecret]] as const) {
      expect(await errorName(writePairedIdentity(folder, { seed, sealingSecret: secret, list: wrong }))).to.equal('InvalidArgumentError')
    }
    expect(await errorName(readIdentity(folder))).to.equal('NoIdentityError')
  })
})

describe('the passphrase of a data folder', function () {
  this.timeout(30_000)
  let folder: string

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-passphrase-')) })

  afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

  it('changes, is given and is taken away', async () => {
    const { device } = await createIdentity(folder, { name: 'Alice' })
    for (const [from, to] of [[undefined, 'first'], ['first', 'second'], ['second', undefined]] as const) {
      await changePassphrase(folder, { from, to })
      expect((await readIdentity(folder, { passphrase: to })).keys.did).to.equal(device)
      if (to !== undefined) expect(await errorName(readIdentity(folder, { passphrase: from ?? 'none' }))).to.equal('WrongPassphraseError')
    }
  })

  it('stays as it is when the old one is wrong, or there is nothing', async () => {
    expect(await errorName(changePassphrase(folder, { to: 'first' }))).to.equal('NoIdentityError')
    await createIdentity(folder, { name: 'Alice', passphrase: 'first' })
    expect(await errorName(changePassphrase(folder, { from: 'wrong', to: 'second' }))).to.equal('WrongPassphraseError')
    expect((await readIdentity(folder, { passphrase: 'first' })).list.name).to.equal('Alice')
  })

  it('cannot be changed under a device that runs, which would go on writing with the old one', async () => {
    await createIdentity(folder, { name: 'Alice' })
    const store = await openLevelStore(join(folder, 'store'))
    try {
      expect(await errorName(changePassphrase(folder, { to: 'first' }))).to.equal('StoreLockedError')
    } finally {
      await store.close()
    }
    expect((await readIdentity(folder)).list.name).to.equal('Alice')
  })
})
