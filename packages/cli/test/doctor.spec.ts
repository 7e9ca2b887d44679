import { createDeviceKeys, createDeviceList, createSigner, extendDeviceList, type DeviceRecord } from '@parley/identity'
import { expect } from 'chai'
import { judgeModes, judgeRoom } from '../src/doctor/folder.ts'
import { judgeIdentity } from '../src/doctor/identity.ts'

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

async function listed (change: Partial<DeviceRecord>): Promise<{ list: Awaited<ReturnType<typeof createDeviceList>>, device: string, person: Awaited<ReturnType<typeof createSigner>> }> {
  const person = await createSigner(secret(1))
  const keys = await createDeviceKeys({ seed: secret(2), sealingSecret: secret(3) })
  const record: DeviceRecord = { device: keys.did, sealing: keys.sealing.publicKey, name: 'laptop', platform: 'test', roles: ['admin', 'endpoint'], capabilities: [], added: NOW, ...change }
  return { list: await createDeviceList(person, { name: 'Alice', issued: NOW, devices: [record] }), device: keys.did, person }
}
