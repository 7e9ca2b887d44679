import { contactUrl, createContactCard, createDeviceKeys, createDeviceList, createSigner, extendDeviceList, type DeviceRecord } from '@parley/identity'
import { expect } from 'chai'
import { chmod } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openParley } from 'parley/node'
import { judgeAddresses } from '../src/doctor/addresses.ts'
import { judgeClock } from '../src/doctor/clock.ts'
import { judgeModes, judgeOwner, judgeProtection, judgeRoom } from '../src/doctor/folder.ts'
import { judgeIdentity } from '../src/doctor/identity.ts'
import { judgeNode } from '../src/doctor/node-version.ts'
import { judgeContact, judgeProxy, judgeSilence } from '../src/doctor/reach.ts'
import { judgeCommit, judgeOpening } from '../src/doctor/storage.ts'
import { EXIT } from '../src/index.ts'
import { command, createWorld, type Person } from './command-world.ts'

const NOW = 1_800_000_000_000
const DAY_MS = 24 * 60 * 60 * 1000
const secret = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

describe('the doctor', () => {
  describe('of key files', () => {
    it('is content when nobody else can read them', () => {
      expect(judgeModes('/data/keys', 0o700, [{ name: 'device.key', mode: 0o600 }]).map(({ standing }) => standing)).to.deep.equal(['ok'])
    })

    it('names those that others can read, and how to change it', () => {
      const [finding] = judgeModes('/data/keys', 0o700, [{ name: 'device.key', mode: 0o644 }, { name: 'sealing.key', mode: 0o600 }])
      expect(finding?.standing).to.equal('failure')
      expect(finding?.words).to.include('device.key').and.not.include('sealing.key')
      expect(finding?.remedy).to.equal('chmod 600 /data/keys/*.key')
    })

    it('warns of a folder into which others can look', () => {
      expect(judgeModes('/data/keys', 0o755, []).map(({ standing }) => standing)).to.deep.equal(['warning'])
    })
  })

  it('of a disk warns before it is full', () => {
    expect(judgeRoom(100e6).standing).to.equal('failure')
    expect(judgeRoom(100e9).standing).to.equal('ok')
  })

  it('of Node takes what the packages take', () => {
    expect(['22.13.0', '22.14.1', '24.0.0', '22.12.9', '20.20.2'].map(version => judgeNode(version).standing)).to.deep.equal(['ok', 'ok', 'ok', 'failure', 'failure'])
  })

  it('of a folder asks whose it is, and who may look into it', () => {
    expect(judgeOwner('/data', { uid: 5, mode: 0o40700 }, 5).standing).to.equal('ok')
    expect(judgeOwner('/data', { uid: 5, mode: 0o40755 }, 5)).to.include({ standing: 'warning', remedy: 'chmod 700 /data' })
    expect(judgeOwner('/data', { uid: 0, mode: 0o40700 }, 5)).to.include({ standing: 'failure', remedy: 'Run parley as that user, or: sudo chown -R 5 /data' })
    expect(judgeOwner('/data', { uid: 0, mode: 0 }, undefined).standing).to.equal('ok')
  })

  it('of a passphrase believes the files alone', () => {
    const named = (name: string): Error => Object.assign(new RangeError('no'), { name })
    expect(judgeProtection(undefined).map(({ standing }) => standing)).to.deep.equal(['warning'])
    expect(judgeProtection(named('PassphraseNeededError')).map(({ standing }) => standing)).to.deep.equal(['ok'])
    expect(judgeProtection(named('DamagedKeyFileError'))).to.deep.equal([])
    expect(judgeOpening(named('WrongPassphraseError'), '/data').remedy).to.include('--passphrase-file')
    expect(judgeOpening(named('StoreLockedError'), '/data').check).to.equal('store')
  })

  it('of a store sees that it is slow', () => {
    expect([judgeCommit(3, false).standing, judgeCommit(3000, true).standing]).to.deep.equal(['ok', 'warning'])
  })

  it('of addresses sees those at which nobody can be reached', () => {
    const standing = (addresses: string[], proxies = 1): string | undefined => judgeAddresses(addresses, proxies)[0]?.standing
    expect(standing([])).to.equal('ok')
    expect(standing([], 0)).to.equal('warning')
    expect(standing(['/ip4/127.0.0.1/tcp/4017/p2p/x', '/ip6/::1/tcp/4017/p2p/x'])).to.equal('warning')
    expect(standing(['/ip4/0.0.0.0/tcp/4017/p2p/x'])).to.equal('warning')
    expect(judgeAddresses(['/ip4/127.0.0.1/tcp/1', '/ip4/192.168.1.4/tcp/1'], 1)[0]?.words).to.include('own network')
    expect(judgeAddresses(['/ip4/93.184.216.34/tcp/1'], 1)[0]?.words).to.include('told to others')
  })

  describe('of clocks', () => {
    const standings = (...offsets: number[]): string[] => judgeClock(offsets.map((offsetMs, index) => ({ who: `W${index}`, offsetMs }))).map(({ standing, words }) => `${standing} ${words}`)

    it('says nothing when nobody answered', () => {
      expect(standings()).to.deep.equal([])
    })

    it('finds the one that differs from most', () => {
      expect(standings(100, -300)).to.deep.equal(['ok in step with the 2 others that answered'])
      expect(standings(600_000, 601_000, 0)).to.deep.equal(['failure The clock of this machine is 10 minutes behind those of the others (3 were asked)'])
      expect(standings(0, 100, -7_200_000)).to.deep.equal(['warning The clock of W2 is 2 hours behind this one'])
    })

    it('does not know which of two is wrong', () => {
      expect(standings(-600_000)).to.deep.equal(['warning The clock of this machine is 10 minutes ahead of that of W0; one of them is wrong'])
    })
  })

  it('of contacts tells why nobody answers', () => {
    expect(judgeContact('Bob', { answered: ['proxy'], reasons: ['refused'], expired: true }).standing).to.equal('ok')
    expect(judgeContact('Bob', { answered: [], reasons: [], expired: true }).words).to.equal('No address of Bob is known; the card we have of them has expired')
    expect(judgeContact('Bob', { answered: [], reasons: ['connection refused'], expired: false }).words).to.equal('Bob cannot be reached: connection refused')
  })

  describe('of a proxy', () => {
    it('sees whether it serves us, and what it knows of our devices', async () => {
      const { list, person, device } = await listed({ roles: ['proxy'] })
      const newer = await extendDeviceList(person, list, { name: 'Alice A.' }, { at: NOW + 1 })
      const judge = (ours: typeof list, theirs: typeof list, proxy = device): string => judgeProxy({ name: 'attic', device: proxy }, { ours, theirs, at: undefined, now: NOW + 2 }).standing
      expect([judge(list, list), judge(newer, list), judge(list, newer), judge(list, list, person.did)]).to.deep.equal(['ok', 'warning', 'warning', 'failure'])
    })

    it('tells silence from refusal', () => {
      const proxy = { name: 'attic', addresses: ['/ip4/10.0.0.1/tcp/1'] }
      expect(judgeSilence(proxy, { reason: 'refused', isRefusal: false }).remedy).to.include('--lost')
      expect(judgeSilence(proxy, { reason: 'x', isRefusal: true }).words).to.equal('attic answers, and does not serve you')
    })
  })

  describe('of a device', () => {
    const standings = async (change: Partial<DeviceRecord>, now = NOW): Promise<string[]> => {
      const { list, device } = await listed(change)
      return judgeIdentity(list, device, now).map(({ check, standing }) => `${check} ${standing}`)
    }

    it('is content with one that may speak and change the list', async () => {
      expect(await standings({})).to.deep.equal(['clock ok', 'device ok'])
    })

    it('sees a clock that is behind what was signed', async () => {
      expect(await standings({}, NOW - DAY_MS)).to.include('clock failure')
    })

    it('sees rights that end soon, or have ended', async () => {
      expect(await standings({ expires: NOW + DAY_MS })).to.include('device warning')
      expect(await standings({ expires: NOW + 1 }, NOW + 2)).to.include('device failure')
    })

    it('sees that nobody may change the list', async () => {
      expect(await standings({ roles: ['endpoint'] })).to.include('devices warning')
    })

    it('sees that it was removed, and says nothing else', async () => {
      const { list, device, person } = await listed({})
      const after = await extendDeviceList(person, list, { revoke: [device] }, { at: NOW })
      expect(judgeIdentity(after, device, NOW + 1).map(({ standing, remedy }) => `${standing} ${remedy ?? ''}`)).to.deep.equal(['failure Pair it again in an empty folder: parley device join'])
    })
  })
})

interface Told { failures: number, warnings: number, findings: Array<{ check: string, standing: string, words: string, remedy?: string }> }

describe('parley doctor', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person

  before(async () => {
    world = await createWorld()
    alice = await world.person('Alice')
  })

  after(async () => { await world.end() })

  const told = async (argv: string[] = []): Promise<Told> => (await alice.say(['doctor', '--json', ...argv])).json<Told>()

  it('looks at a device that runs, and at one that does not', async () => {
    const running = await told()
    expect(running.failures, JSON.stringify(running.findings)).to.equal(0)
    expect(running.findings.find(({ check }) => check === 'store')?.words).to.include('open in parley device start')
    expect(running.findings.find(({ check }) => check === 'addresses')?.standing).to.equal('warning')
    await alice.away()
    const resting = await told()
    expect(resting.failures, JSON.stringify(resting.findings)).to.equal(0)
    expect(resting.findings.filter(({ standing }) => standing === 'warning').map(({ check }) => check)).to.have.members(['passphrase', 'addresses', 'proxy'])
  })

  it('says in words what is wrong, what to do, and fails', async () => {
    await chmod(join(alice.folder, 'keys', 'device.key'), 0o644)
    const { code, out } = await alice.say(['doctor', '--offline'])
    expect(code).to.equal(EXIT.failed)
    expect(out).to.match(/FAILURE {2}keys: Others on this machine can read device\.key\n +→ chmod 600/).and.match(/1 failures, \d warnings\./)
    await chmod(join(alice.folder, 'keys', 'device.key'), 0o600)
  })

  it('says what it can where there is no identity, or it cannot be opened', async () => {
    const { code, json } = await command(['doctor', '--json', '--data', join(world.folder, 'nowhere')])
    expect(code).to.equal(EXIT.failed)
    expect(json<Told>().findings.filter(({ standing }) => standing === 'failure').map(({ check }) => check)).to.deep.equal(['folder', 'device'])
    const locked = await openParley(alice.folder, { offline: true })
    const { findings } = await told()
    await locked.stop()
    expect(findings.find(({ standing }) => standing === 'failure')).to.include({ check: 'store' })
  })

  it('contacts nobody when told so, and else tells who does not answer', async () => {
    const parley = await openParley(alice.folder, { offline: true })
    const keys = await createDeviceKeys({ seed: secret(8), sealingSecret: secret(9) })
    const person = await createSigner(secret(7))
    const now = Date.now()
    const list = await createDeviceList(person, { name: 'Bob', issued: now, devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: now }] })
    const heard: number[] = []
    const server = createServer(socket => { heard.push(1); socket.destroy() })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const card = await createContactCard(keys.signer, { list, routes: [{ device: keys.did, addresses: [`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`] }], issued: now, expires: now + 60_000 })
    await parley.addContact(contactUrl(card))
    await parley.stop()
    expect((await told(['--offline'])).findings.find(({ check }) => check === 'contacts')?.words).to.equal('1, not asked')
    expect(heard).to.deep.equal([])
    const [contact] = (await told()).findings.filter(({ check }) => check === 'contact')
    expect(contact).to.include({ standing: 'warning' })
    expect(contact?.words).to.match(/^Bob cannot be reached: \/ip4\/127/)
    expect(heard).to.not.deep.equal([])
    await new Promise(resolve => server.close(resolve))
  })
})

async function listed (change: Partial<DeviceRecord>): Promise<{ list: Awaited<ReturnType<typeof createDeviceList>>, device: string, person: Awaited<ReturnType<typeof createSigner>> }> {
  const person = await createSigner(secret(1))
  const keys = await createDeviceKeys({ seed: secret(2), sealingSecret: secret(3) })
  const record: DeviceRecord = { device: keys.did, sealing: keys.sealing.publicKey, name: 'laptop', platform: 'test', roles: ['admin', 'endpoint'], capabilities: [], added: NOW, ...change }
  return { list: await createDeviceList(person, { name: 'Alice', issued: NOW, devices: [record] }), device: keys.did, person }
}
