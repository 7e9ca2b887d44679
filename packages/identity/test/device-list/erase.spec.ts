import { decodeDeviceList, mergeDeviceLists, rolesOf } from '@parley/identity'
import { expect } from 'chai'
import { fromString, toString } from 'uint8arrays'
import * as dagCbor from '@ipld/dag-cbor'
import { extend } from '../support/device-changes.ts'
import { T0, deviceKeys, recordOf, somebody, type Somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'

const SECRET = 'Phone of my lover'

async function withTablet (): Promise<Somebody & { tablet: Awaited<ReturnType<typeof deviceKeys>> }> {
  const bob = await somebody(1, 'Bob')
  const tablet = await deviceKeys(9)
  const list = await extend(bob.person, bob.list, { add: [recordOf(tablet, 'admin', { name: SECRET, platform: 'android', capabilities: ['voice'], expires: T0 + 1e6 })] }, 1)
  return { ...bob, list, tablet }
}

/** Everything a list holds, hashes and signatures too, to look for a text in. */
const contains = (bytes: Uint8Array, text: string): boolean => toString(bytes, 'hex').includes(toString(fromString(text), 'hex'))

describe('a device that is erased', () => {
  it('leaves its key, roles and times, and nothing that people wrote', async () => {
    const { person, list, tablet } = await withTablet()
    const revoked = await extend(person, list, { revoke: [tablet.did] }, 2)
    expect(contains(revoked.bytes, SECRET)).to.equal(true)
    const erased = await extend(person, revoked, { erase: [tablet.did] }, 3)
    expect(contains(erased.bytes, SECRET)).to.equal(false)
    expect(erased.devices.find(({ device }) => device === tablet.did)).to.deep.equal({
      device: tablet.did, sealing: tablet.sealing.publicKey, roles: ['admin'], name: '', platform: '', capabilities: [], added: T0, expires: T0 + 1e6, revoked: T0 + 2
    })
    expect(rolesOf(erased, tablet.did, T0 + 1)).to.deep.equal(['admin'])
    expect(await decodeDeviceList(erased.bytes)).to.deep.equal(erased)
    expect(erased.devices).to.have.length(3)
  })

  it('is forgotten by whoever hears of it, in whatever order, with all its descriptions, also those made at once', async () => {
    const { person, list, tablet, phone } = await withTablet()
    const other = await extend(person, list, { add: [recordOf(phone, 'admin')] }, 2)
    const own = await extend(tablet, other, { add: [recordOf(tablet, 'admin', { name: `New ${SECRET}` })] }, 3)
    const byOther = await extend(phone, other, { add: [recordOf(tablet, 'admin', { name: `Other ${SECRET}` })] }, 3)
    const ended = await extend(person, other, { revoke: [tablet.did], erase: [tablet.did] }, 3)
    const lists = [own, byOther, ended, list]
    const first = lists.reduce(mergeDeviceLists)
    expect(first.devices.find(({ device }) => device === tablet.did)).to.include({ name: '', revoked: T0 + 3 })
    for (const merged of [first, [...lists].reverse().reduce(mergeDeviceLists), mergeDeviceLists(ended, byOther)]) {
      expect(contains(merged.bytes, SECRET)).to.equal(false)
      expect(await decodeDeviceList(merged.bytes)).to.deep.equal(merged)
    }
    expect([...lists].reverse().reduce(mergeDeviceLists)).to.deep.equal(first)
  })

  it('cannot be guessed from its hash without the salt', async () => {
    const { person, list, tablet } = await withTablet()
    const again = await extend(person, list, { add: [recordOf(tablet, 'admin', { name: SECRET, platform: 'android', capabilities: ['voice'], expires: T0 + 1e6 })] }, 2)
    const { details } = dagCbor.decode<{ details: Uint8Array[] }>(again.bytes)
    const ofTablet = details.filter(entry => contains(entry, SECRET))
    expect(ofTablet).to.have.length(2)
    expect(ofTablet[0]?.subarray(0, 16)).to.not.deep.equal(ofTablet[1]?.subarray(0, 16))
  })

  it('stays without a description when the erasure turns out void, whatever was heard first, until it gets a new one', async () => {
    const { person, list, tablet, phone } = await withTablet()
    const erased = await extend(tablet, await extend(tablet, list, { revoke: [phone.did] }, 2), { erase: [phone.did] }, 3)
    const answer = await extend(person, list, { revoke: [tablet.did] }, 4)
    const merged = mergeDeviceLists(erased, answer)
    for (const other of [mergeDeviceLists(answer, erased), mergeDeviceLists(mergeDeviceLists(list, answer), erased)]) expect(other).to.deep.equal(merged)
    expect(merged.devices.find(({ device }) => device === phone.did)).to.include({ name: '' }).and.not.have.property('revoked')
    expect(rolesOf(merged, phone.did, T0 + 9)).to.deep.equal(['endpoint'])
    const named = await extend(person, merged, { add: [recordOf(phone, 'endpoint', { name: 'Phone again' })] }, 5)
    // Whoever was revoked cannot take that description away again.
    const again = await extend(tablet, erased, { erase: [phone.did] }, 6)
    for (const merged of [mergeDeviceLists(named, again), mergeDeviceLists(again, named)]) {
      expect(merged.devices.find(({ device }) => device === phone.did)?.name).to.equal('Phone again')
    }
  })
})

describe('a list with other details than it should have', () => {
  const repacked = async (bytes: Uint8Array, change: (details: Uint8Array[]) => Uint8Array[]): Promise<string> => {
    const { changes, details } = dagCbor.decode<{ changes: Uint8Array[], details: Uint8Array[] }>(bytes)
    return await nameOfError(async () => await decodeDeviceList(dagCbor.encode({ v: 1, changes, details: change(details) })))
  }
  const name = 'InvalidBytesError'

  it('reads as without a description where they are missing, until somebody brings them', async () => {
    const { list, tablet } = await withTablet()
    const { changes } = dagCbor.decode<{ changes: Uint8Array[] }>(list.bytes)
    const stripped = await decodeDeviceList(dagCbor.encode({ v: 1, changes, details: [] }))
    expect(stripped.devices.find(({ device }) => device === tablet.did)).to.include({ name: '', platform: '' })
    for (const merged of [mergeDeviceLists(stripped, list), mergeDeviceLists(list, stripped)]) expect(merged.cid.toString()).to.equal(list.cid.toString())
  })

  it('is refused when details are foreign, altered or out of order', async () => {
    const { list } = await withTablet()
    expect(await repacked(list.bytes, details => details)).to.equal('no error')
    expect(await repacked(list.bytes, details => [...details].reverse())).to.equal(name)
    expect(await repacked(list.bytes, details => [...details, new Uint8Array(40).fill(255)])).to.equal(name)
    expect(await repacked(list.bytes, ([first = new Uint8Array(0), ...rest]) => [first.map((byte, place) => place === 15 ? byte ^ 1 : byte), ...rest])).to.equal(name)
    expect(await repacked(list.bytes, details => [new Uint8Array(16), ...details])).to.equal(name)
  })

  it('is refused when it brings back what was erased', async () => {
    const { person, list, tablet } = await withTablet()
    const { details } = dagCbor.decode<{ details: Uint8Array[] }>(list.bytes)
    const erased = await extend(person, list, { revoke: [tablet.did], erase: [tablet.did] }, 2)
    expect(await repacked(erased.bytes, () => details)).to.equal(name)
  })
})
