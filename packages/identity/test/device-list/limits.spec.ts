import { createDeviceList, createSigner, decodeDeviceList, extendDeviceList, mergeDeviceLists, MAX_DEVICE_LIST_BYTES, type DeviceKeys, type DeviceList, type Signer } from '@parley/identity'
import { expect } from 'chai'
import { extend } from '../support/device-changes.ts'
import { T0, deviceKeys, recordOf, secret } from '../support/persons.ts'

/** Fills a list as far as an admin may: with one change after another, or many beside each other. */
async function flood (admin: DeviceKeys, from: DeviceList, name: string, shape: 'chain' | 'fan'): Promise<DeviceList> {
  let list = from
  for (let index = 0; ; index++) {
    try {
      const more = await extendDeviceList(admin.signer, shape === 'chain' ? list : from, { name: `${name} ${index} ${'x'.repeat(100)}` }, { at: T0 + index })
      const merged = mergeDeviceLists(list, more)
      if (merged.size === list.size) return list
      list = merged
    } catch (error) {
      expect((error as Error).name).to.equal('InvalidArgumentError')
      return list
    }
  }
}

async function beginning (): Promise<{ person: Signer, good: DeviceKeys, bad: DeviceKeys, list: DeviceList }> {
  const person = await createSigner(secret(1))
  const [good, bad] = [await deviceKeys(2), await deviceKeys(3)]
  return { person, good, bad, list: await createDeviceList(person, { name: 'Bob', devices: [recordOf(good, 'admin'), recordOf(bad, 'admin')], issued: T0 }) }
}

describe('an admin who fills a list', function () {
  this.timeout(60_000)

  it('cannot keep the person from revoking them, and what nobody had seen makes room', async () => {
    const { person, bad, list } = await beginning()
    const full = await flood(bad, list, 'a', 'chain')
    const ended = await extend(person, full, { revoke: [bad.did] }, 1e6)
    expect(ended.devices.find(({ device }) => device === bad.did)?.revoked).to.equal(T0 + 1e6)
    expect(await decodeDeviceList(ended.bytes)).to.deep.equal(ended)
    const early = await extend(person, list, { revoke: [bad.did] }, 1e6)
    for (const merged of [mergeDeviceLists(full, early), mergeDeviceLists(early, full)]) {
      expect(merged.devices.find(({ device }) => device === bad.did)?.revoked).to.equal(T0 + 1e6)
      expect(merged.name).to.equal('Bob')
    }
  })

  it('cannot keep a revocation from those who had another flood of theirs, nor from those with a full one', async () => {
    const { person, good, bad, list } = await beginning()
    const [one, two] = [await flood(bad, list, 'one', 'fan'), await flood(bad, list, 'two', 'chain')]
    const byPerson = await extend(person, two, { revoke: [bad.did] }, 1e6)
    const byAdmin = await extend(good, list, { revoke: [bad.did] }, 1e6)
    for (const answer of [byPerson, byAdmin]) {
      for (const merged of [mergeDeviceLists(one, answer), mergeDeviceLists(answer, one), mergeDeviceLists(mergeDeviceLists(one, two), answer)]) {
        expect(merged.devices.find(({ device }) => device === bad.did)?.revoked).to.equal(T0 + 1e6)
        expect(merged.bytes.byteLength).to.be.at.most(MAX_DEVICE_LIST_BYTES)
        expect(await decodeDeviceList(merged.bytes)).to.deep.equal(merged)
      }
    }
  })
})

describe('two admins who add more devices than a list may have', () => {
  it('keep to the limit, and everybody keeps what the person added', async () => {
    const { person, good, bad, list } = await beginning()
    const many = async (by: DeviceKeys, offset: number): Promise<DeviceList> => {
      const add = await Promise.all(Array.from({ length: 70 }, async (_value, index) => {
        const { did } = await createSigner(secret(1).map((byte, place) => place === 0 ? index : place === 1 ? offset : byte))
        return { ...recordOf(by, 'endpoint'), device: did }
      }))
      return await extendDeviceList(by.signer, list, { add }, { at: T0 })
    }
    const phone = await deviceKeys(9)
    const own = await extend(person, list, { add: [recordOf(phone, 'endpoint')] }, 5)
    const merged = mergeDeviceLists(mergeDeviceLists(await many(good, 1), await many(bad, 2)), own)
    expect(merged.devices.length).to.be.within(70, 128)
    expect(merged.devices.some(({ device }) => device === phone.did)).to.equal(true)
    expect(await decodeDeviceList(merged.bytes)).to.deep.equal(merged)
  }).timeout(20_000)
})
