import { createSeededRandom, type RandomBytes } from '@parley/core'
import { coversDeviceList, createDeviceList, createSigner, decodeDeviceList, deviceHistory, extendDeviceList, mergeDeviceLists, rolesOf, signSuccession } from '@parley/identity'
import { expect } from 'chai'
import { HOUR, T0, deviceKeys, recordOf, secret, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

describe('a device list', () => {
  it('says who the person is and which devices they have', async () => {
    const { person, phone, proxy, list } = await somebody(1, 'Bob')
    const read = await decodeDeviceList(list.bytes)
    expect(read).to.deep.equal(list)
    expect(read).to.include({ person: person.did, name: 'Bob', created: T0, issued: T0, size: 1 })
    expect(read.heads).to.have.length(1)
    expect(read).to.not.have.any.keys('recovery', 'successor')
    expect(read.devices.map(record => record.device)).to.have.members([phone.did, proxy.did])
  })

  it('is the same bytes in whatever order devices, roles and capabilities are given', async () => {
    const person = await createSigner(secret(1))
    const [a, b] = [recordOf(await deviceKeys(2), 'endpoint', { roles: ['proxy', 'admin'], capabilities: ['b', 'a'] }), recordOf(await deviceKeys(3), 'proxy')]
    const random: RandomBytes = length => new Uint8Array(length)
    const one = await createDeviceList(person, { name: '', devices: [a, b], issued: T0, random })
    const two = await createDeviceList(person, { name: '', devices: [b, { ...a, roles: ['admin', 'proxy', 'admin'], capabilities: ['a', 'b', 'a'] }], issued: T0, random })
    expect(one.cid.equals(two.cid)).to.equal(true)
  })

  it('is not affected by what becomes of the bytes it was read from', async () => {
    const bytes = (await somebody(1, 'Bob')).list.bytes.slice()
    const list = await decodeDeviceList(bytes)
    const before = list.bytes.slice()
    bytes.fill(0)
    expect(list.bytes).to.deep.equal(before)
  })

  it('is not begun with a device twice, or revoked already', async () => {
    const person = await createSigner(secret(1))
    const phone = recordOf(await deviceKeys(2), 'endpoint')
    for (const devices of [[phone, phone], [{ ...phone, revoked: T0 }]]) {
      expect(await nameOfError(async () => await createDeviceList(person, { name: 'Bob', devices, issued: T0 }))).to.equal('InvalidArgumentError')
    }
  })
})

describe('a device list that is extended', () => {
  it('says what was changed, by whom and when', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const tablet = await deviceKeys(7)
    const next = await extendDeviceList(person, list, { add: [recordOf(tablet, 'endpoint', { added: T0 + 5 })], revoke: [phone.did], name: 'Robert' }, { at: T0 + 5 })
    expect(next).to.include({ size: 4, name: 'Robert', created: T0, issued: T0 + 5 })
    expect(rolesOf(next, tablet.did, T0 + 5)).to.deep.equal(['endpoint'])
    expect(rolesOf(next, phone.did, T0 + 4)).to.deep.equal(['endpoint'])
    expect(rolesOf(next, phone.did, T0 + 5)).to.deep.equal([])
    expect([coversDeviceList(next, list), coversDeviceList(list, next)]).to.deep.equal([true, false])
    const of = { author: person.did, at: T0 + 5, counts: true }
    expect(deviceHistory(next)).to.deep.equal([
      { ...of, at: T0, kind: 'begin' },
      { ...of, kind: 'put', device: tablet.did },
      { ...of, kind: 'revoke', device: phone.did },
      { ...of, kind: 'name' }
    ])
  })

  it('keeps when a device was added and first revoked', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const renewed = await extendDeviceList(person, list, { add: [recordOf(phone, 'endpoint', { added: T0 + 5, name: 'New name', expires: T0 + HOUR })] }, { at: T0 + 5 })
    expect(renewed.devices.find(record => record.device === phone.did)).to.include({ added: T0, name: 'New name', expires: T0 + HOUR })
    const revoked = await extendDeviceList(person, renewed, { revoke: [phone.did] }, { at: T0 + 6 })
    const again = await extendDeviceList(person, revoked, { revoke: [phone.did] }, { at: T0 + 9 })
    expect(again.devices.find(record => record.device === phone.did)?.revoked).to.equal(T0 + 6)
    expect(await nameOfError(async () => await extendDeviceList(person, again, { add: [recordOf(phone, 'endpoint')] }, { at: T0 + 10 }))).to.equal('InvalidArgumentError')
  })

  it('is the same list when nothing is changed', async () => {
    const { person, list } = await somebody(1, 'Bob')
    expect(await extendDeviceList(person, list, {}, { at: T0 + 1 })).to.equal(list)
  })

  it('takes changes from the person and from admin devices alone', async () => {
    const { list, phone, person } = await somebody(1, 'Bob')
    const tablet = await deviceKeys(7)
    const stranger = await deviceKeys(8)
    const admin = await extendDeviceList(person, list, { add: [recordOf(tablet, 'admin', { expires: T0 + HOUR })] }, { at: T0 + 1 })
    const byTablet = await extendDeviceList(tablet.signer, admin, { add: [recordOf(await deviceKeys(9), 'listener')], revoke: [phone.did], name: 'Rob' }, { at: T0 + 2 })
    expect(byTablet).to.include({ name: 'Rob', size: 5 })
    const demoted = await extendDeviceList(person, byTablet, { add: [recordOf(tablet, 'endpoint')] }, { at: T0 + 3 })
    const revoked = await extendDeviceList(person, byTablet, { revoke: [tablet.did] }, { at: T0 + 3 })
    for (const [what, signer, on, at] of [
      ['an endpoint', phone.signer, list, T0], ['a stranger', stranger.signer, admin, T0 + 2], ['an admin of before', tablet.signer, demoted, T0 + 4],
      ['a revoked admin', tablet.signer, revoked, T0 + 2], ['an expired admin', tablet.signer, admin, T0 + HOUR]
    ] as const) {
      expect(await nameOfError(async () => await extendDeviceList(signer, on, { name: 'Mallory' }, { at })), what).to.equal('InvalidArgumentError')
    }
  })

  it('revokes only what it has, and erases only what is revoked', async () => {
    const { list, phone, person } = await somebody(1, 'Bob')
    expect(await nameOfError(async () => await extendDeviceList(person, list, { revoke: [person.did] }, { at: T0 }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await extendDeviceList(person, list, { erase: [phone.did] }, { at: T0 }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await extendDeviceList(person, list, { add: [recordOf(await deviceKeys(9), 'proxy', { revoked: T0 })] }, { at: T0 }))).to.equal('InvalidArgumentError')
  })

  it('is refused before it is too large to be read', async () => {
    const { person, list } = await somebody(1, 'Bob')
    let grown = list
    const grow = async (): Promise<void> => {
      for (let index = 0; index < 600; index++) grown = await extendDeviceList(person, grown, { name: `Bob ${index} ${'x'.repeat(100)}` }, { at: T0 + index })
    }
    expect(await nameOfError(grow)).to.equal('OversizedBytesError')
    expect((await decodeDeviceList(grown.bytes)).size).to.equal(grown.size)
    expect(grown.size).to.be.greaterThan(100)
  }).timeout(20_000)
})

describe('a recovery key and a successor', () => {
  const key = async (number: number): Promise<Uint8Array> => (await deviceKeys(number)).sealing.publicKey

  it('are named by the person alone', async () => {
    const { person, phone, proxy } = await somebody(1, 'Bob')
    const first = await createDeviceList(person, { name: 'Bob', devices: [recordOf(phone, 'admin'), recordOf(proxy, 'proxy')], issued: T0, recovery: await key(20) })
    expect(first.recovery).to.deep.equal(await key(20))
    const later = await createSigner(secret(30))
    const successor = await signSuccession(later, { from: person.did, at: T0 + 2 })
    const changed = await extendDeviceList(person, first, { recovery: await key(21), successor }, { at: T0 + 2 })
    expect(changed.recovery).to.deep.equal(await key(21))
    expect(changed.successor).to.equal(later.did)
    for (const change of [{ recovery: await key(22) }, { successor }]) {
      expect(await nameOfError(async () => await extendDeviceList(phone.signer, first, change, { at: T0 + 2 }))).to.equal('InvalidArgumentError')
    }
  })

  it('need a key to which can be sealed, and the consent of the successor for this person and time', async () => {
    const { person, list } = await somebody(1, 'Bob')
    const later = await createSigner(secret(30))
    expect(await nameOfError(async () => await extendDeviceList(person, list, { recovery: new Uint8Array(32) }, { at: T0 }))).to.equal('InvalidBytesError')
    for (const [from, at] of [[later.did, T0 + 2], [person.did, T0 + 3]] as const) {
      const successor = await signSuccession(later, { from, at })
      expect(await nameOfError(async () => await extendDeviceList(person, list, { successor }, { at: T0 + 2 }))).to.equal('InvalidSignatureError')
    }
  })

  it('are one for everybody when two were named apart: the first successor, the latest recovery key', async () => {
    const { person, list } = await somebody(1, 'Bob')
    const [early, late] = [await createSigner(secret(30)), await createSigner(secret(31))]
    const a = await extendDeviceList(person, list, { successor: await signSuccession(late, { from: person.did, at: T0 + 9 }), recovery: await key(20) }, { at: T0 + 9 })
    const b = await extendDeviceList(person, list, { successor: await signSuccession(early, { from: person.did, at: T0 + 8 }), recovery: await key(21) }, { at: T0 + 8 })
    for (const merged of [mergeDeviceLists(a, b), mergeDeviceLists(b, a)]) {
      expect(merged.successor).to.equal(early.did)
      expect(merged.recovery).to.deep.equal(await key(20))
    }
  })
})

describe('the roles of a device', () => {
  it('begin when it was added and end when it expires or is revoked, to the millisecond', async () => {
    const person = await createSigner(secret(1))
    const [a, b] = [await deviceKeys(2), await deviceKeys(3)]
    const begun = await createDeviceList(person, {
      name: 'Bob',
      devices: [recordOf(a, 'endpoint', { added: 10, expires: 20 }), recordOf(b, 'proxy', { added: 10, expires: 30, roles: ['proxy', 'listener'] })],
      issued: T0
    })
    const list = await extendDeviceList(person, begun, { revoke: [b.did] }, { at: 20 })
    for (const [at, ofA, ofB] of [[9, [], []], [10, ['endpoint'], ['listener', 'proxy']], [19, ['endpoint'], ['listener', 'proxy']], [20, [], []], [29, [], []]] as const) {
      expect(rolesOf(list, a.did, at), `a at ${at}`).to.deep.equal(ofA)
      expect(rolesOf(list, b.did, at), `b at ${at}`).to.deep.equal(ofB)
    }
    expect(rolesOf(list, person.did, 15)).to.deep.equal([])
  })
})

describe('a device list with as many devices as allowed', () => {
  it('still fits', async () => {
    const person = await createSigner(secret(1))
    const { sealing } = await deviceKeys(2)
    const random = createSeededRandom(1)
    const records = await Promise.all(Array.from({ length: 128 }, async () => ({
      ...recordOf(await deviceKeys(2), 'endpoint'), device: (await createSigner(random(32))).did, sealing: sealing.publicKey, name: 'n'.repeat(64), expires: T0 + HOUR
    })))
    const list = await createDeviceList(person, { name: 'Bob', devices: records, issued: T0 })
    expect(list.devices).to.have.length(128)
    expect(await nameOfError(async () => await extendDeviceList(person, list, { add: [recordOf(await deviceKeys(2), 'proxy')] }, { at: T0 }))).to.equal('InvalidArgumentError')
  })
})
