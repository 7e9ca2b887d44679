import { silentLogger } from '@parley/core'
import { createPeople, createSigner, deviceHistory, extendDeviceList, mergeDeviceLists, rolesOf, signSuccession, type DeviceList, type Signer } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { createTestStore } from '../support/memory-store.ts'
import { T0, deviceKeys, recordOf, secret, somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'

describe('a device list whose person has a successor', () => {
  it('takes no device any more, nor another successor, by its own hand', async () => {
    const { person, list } = await somebody(1, 'Bob')
    const last = await succeeded(person, list, 30, 5)
    const tablet = recordOf(await deviceKeys(9), 'endpoint')
    const successor = await signSuccession(await createSigner(secret(31)), { from: person.did, at: T0 + 6 })
    for (const change of [{ add: [tablet] }, { successor }, { revoke: [list.devices[0]?.device ?? ''] }]) {
      expect(await nameOfError(async () => await extendDeviceList(person, last, change, { at: T0 + 6 }))).to.equal('InvalidArgumentError')
    }
  })

  it('counts nothing that the old key signs apart, whatever time it writes: no device, revocation or other successor', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const tablet = await deviceKeys(9)
    const last = await succeeded(person, list, 30, 5)
    const apart = await extendDeviceList(person, list, { add: [recordOf(tablet, 'endpoint')], revoke: [phone.did] }, { at: T0 + 1 })
    const later = await succeeded(person, list, 31, 6)
    for (const merged of [mergeDeviceLists(mergeDeviceLists(last, apart), later), mergeDeviceLists(later, mergeDeviceLists(apart, last))]) {
      expect(merged.successor).to.equal((await createSigner(secret(30))).did)
      expect(rolesOf(merged, tablet.did, T0 + 9)).to.deep.equal([])
      expect(rolesOf(merged, phone.did, T0 + 9)).to.not.deep.equal([])
      expect(deviceHistory(merged).filter(({ counts }) => !counts).map(({ why }) => why)).to.deep.equal(['the person has a successor', 'the person has a successor', 'the person has a successor'])
    }
  })

  it('lets a device that is an admin still revoke another', async () => {
    const { person, proxy, list } = await somebody(1, 'Bob')
    const admin = await deviceKeys(8)
    const last = await succeeded(person, await extendDeviceList(person, list, { add: [recordOf(admin, 'admin')] }, { at: T0 + 1 }), 30, 5)
    const revoked = await extendDeviceList(admin.signer, last, { revoke: [proxy.did] }, { at: T0 + 6 })
    expect(rolesOf(revoked, proxy.did, T0 + 9)).to.deep.equal([])
  })

  it('comes to the same in whatever order its parts are heard', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const tablet = recordOf(await deviceKeys(9), 'endpoint')
    const parts = [
      list, await succeeded(person, list, 30, 5), await succeeded(person, list, 31, 3),
      await extendDeviceList(person, list, { add: [tablet] }, { at: T0 + 1 }), await extendDeviceList(person, list, { revoke: [phone.did] }, { at: T0 + 1 })
    ]
    const whole = parts.reduce(mergeDeviceLists)
    fc.assert(fc.property(fc.shuffledSubarray(parts, { minLength: parts.length }), shuffled => shuffled.reduce(mergeDeviceLists).cid.equals(whole.cid)))
  })
})

describe('whoever knows a successor', () => {
  it('keeps to it when the old key writes that it named another one before', async () => {
    const { person, list } = await somebody(1, 'Bob')
    const people = createPeople({ store: createTestStore(), logger: silentLogger })
    await people.learnList((await succeeded(person, list, 30, 5)).bytes)
    expect(await nameOfError(async () => await people.learnList((await succeeded(person, list, 31, 1)).bytes))).to.equal('ForkedDeviceListError')
    expect((await people.list(person.did))?.successor).to.equal((await createSigner(secret(30))).did)
  })
})

async function succeeded (person: Signer, list: DeviceList, number: number, after: number): Promise<DeviceList> {
  const at = T0 + after
  return await extendDeviceList(person, list, { successor: await signSuccession(await createSigner(secret(number)), { from: person.did, at }) }, { at })
}
