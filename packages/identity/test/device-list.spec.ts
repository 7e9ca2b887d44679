import { encodeCanonical, type CID } from '@parley/core'
import { createDeviceList, createSigner, decodeDeviceList, extendDeviceList, rolesOf, signBlock, type DeviceList } from '@parley/identity'
import { expect } from 'chai'
import { HOUR, T0, deviceKeys, recordOf, secret, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

describe('a device list', () => {
  it('says who the person is and which devices they have', async () => {
    const { person, phone, proxy, list } = await somebody(1, 'Bob')
    const read = await decodeDeviceList(list.bytes)
    expect(read).to.deep.equal(list)
    expect(read).to.include({ person: person.did, name: 'Bob', sequence: 0, issued: T0 })
    expect(read).to.not.have.property('previous')
    expect(read.devices.map(record => record.device)).to.have.members([phone.did, proxy.did])
  })

  it('is the same bytes in whatever order devices, roles and capabilities are given', async () => {
    const person = await createSigner(secret(1))
    const [a, b] = [recordOf(await deviceKeys(2), 'endpoint', { roles: ['proxy', 'admin'], capabilities: ['b', 'a'] }), recordOf(await deviceKeys(3), 'proxy')]
    const one = await createDeviceList(person, { name: '', devices: [a, b], issued: T0 })
    const two = await createDeviceList(person, { name: '', devices: [b, { ...a, roles: ['admin', 'proxy', 'admin'], capabilities: ['a', 'b', 'a'] }], issued: T0 })
    expect(one.cid.equals(two.cid)).to.equal(true)
  })

  it('is not affected by what becomes of the bytes it was read from', async () => {
    const bytes = (await somebody(1, 'Bob')).list.bytes.slice()
    const list = await decodeDeviceList(bytes)
    const before = list.bytes.slice()
    bytes.fill(0)
    expect(list.bytes).to.deep.equal(before)
  })
})

describe('a device list that is extended', () => {
  it('follows the one before it and names it', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const tablet = await deviceKeys(7)
    const next = await extendDeviceList(person, list, { add: [recordOf(tablet, 'endpoint', { added: T0 + 5 })], revoke: [phone.did], name: 'Robert' }, { at: T0 + 5 })
    expect(next).to.include({ sequence: 1, name: 'Robert', issued: T0 + 5 })
    expect(next.previous?.equals(list.cid)).to.equal(true)
    expect(rolesOf(next, tablet.did, T0 + 5)).to.deep.equal(['endpoint'])
    expect(rolesOf(next, phone.did, T0 + 4)).to.deep.equal(['endpoint'])
    expect(rolesOf(next, phone.did, T0 + 5)).to.deep.equal([])
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

  it('can be signed by its person alone, and revokes only what it has', async () => {
    const { list, phone, person } = await somebody(1, 'Bob')
    expect(await nameOfError(async () => await extendDeviceList(phone.signer, list, { name: 'Mallory' }, { at: T0 }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await extendDeviceList(person, list, { revoke: [person.did] }, { at: T0 }))).to.equal('InvalidArgumentError')
  })
})

describe('the roles of a device', () => {
  it('begin when it was added and end when it expires or is revoked, to the millisecond', async () => {
    const person = await createSigner(secret(1))
    const [a, b] = [await deviceKeys(2), await deviceKeys(3)]
    const list = await createDeviceList(person, {
      name: 'Bob',
      devices: [recordOf(a, 'endpoint', { added: 10, expires: 20 }), recordOf(b, 'proxy', { added: 10, expires: 30, revoked: 20, roles: ['proxy', 'listener'] })],
      issued: T0
    })
    for (const [at, ofA, ofB] of [[9, [], []], [10, ['endpoint'], ['listener', 'proxy']], [19, ['endpoint'], ['listener', 'proxy']], [20, [], []], [29, [], []]] as const) {
      expect(rolesOf(list, a.did, at), `a at ${at}`).to.deep.equal(ofA)
      expect(rolesOf(list, b.did, at), `b at ${at}`).to.deep.equal(ofB)
    }
    expect(rolesOf(list, person.did, 15)).to.deep.equal([])
  })
})

describe('a device list from outside', () => {
  const wire = async (change: (list: Record<string, unknown>, devices: Array<Record<string, unknown>>) => void, signerSeed = 1): Promise<Uint8Array> => {
    const person = await createSigner(secret(1))
    const devices = [await deviceKeys(2), await deviceKeys(3)]
      .sort((a, b) => Buffer.compare(a.signer.publicKey, b.signer.publicKey))
      .map(keys => ({ device: keys.signer.publicKey, sealing: keys.sealing.publicKey, name: 'x', platform: 'linux', roles: ['endpoint'], capabilities: [], added: T0 }))
    const list: Record<string, unknown> = { v: 1, person: person.publicKey, name: 'Bob', sequence: 0, previous: null, issued: T0, devices }
    change(list, devices)
    return await signBlock(await createSigner(secret(signerSeed)), 'device-list', list)
  }

  it('is taken when nothing is wrong with it', async () => {
    expect((await decodeDeviceList(await wire(() => {}))).devices).to.have.length(2)
  })

  it('is refused when somebody else signed it', async () => {
    expect(await nameOfError(async () => await decodeDeviceList(await wire(() => {}, 2)))).to.equal('InvalidSignatureError')
  })

  it('is refused when its signature was made for something else', async () => {
    const person = await createSigner(secret(1))
    const { list } = await somebody(1, 'Bob')
    const body = list.bytes.subarray(1, -66)
    const forged = list.bytes.slice()
    forged.set(await person.sign('contact-card', body), list.bytes.byteLength - 64)
    expect(await nameOfError(async () => await decodeDeviceList(forged))).to.equal('InvalidSignatureError')
  })

  it('is refused when it is oversized, before anything else', async () => {
    expect(await nameOfError(async () => await decodeDeviceList(new Uint8Array(49 * 1024)))).to.equal('OversizedBytesError')
  })

  it('is refused by name when it is not in the one form that means this', async () => {
    const { list } = await somebody(1, 'Bob')
    const changes: Record<string, Parameters<typeof wire>[0]> = {
      version: list => { list['v'] = 2 },
      'unknown field': list => { list['extra'] = 1 },
      'missing field': list => { delete list['issued'] },
      'previous without sequence': list => { list['previous'] = cid(list) },
      'sequence without previous': list => { list['sequence'] = 1 },
      'negative time': list => { list['issued'] = -1 },
      'fractional time': list => { list['issued'] = 1.5 },
      'devices out of order': (_list, devices) => { devices.reverse() },
      'device twice': (list, devices) => { list['devices'] = [devices[0], devices[0]] },
      'no role': (_list, [device]) => { set(device, 'roles', []) },
      'unknown role': (_list, [device]) => { set(device, 'roles', ['root']) },
      'roles out of order': (_list, [device]) => { set(device, 'roles', ['proxy', 'admin']) },
      'role twice': (_list, [device]) => { set(device, 'roles', ['proxy', 'proxy']) },
      'capabilities out of order': (_list, [device]) => { set(device, 'capabilities', ['b', 'a']) },
      'short key': (_list, [device]) => { set(device, 'device', new Uint8Array(31)) },
      'sealing key of low order': (_list, [device]) => { set(device, 'sealing', new Uint8Array(32)) },
      'control character in a name': (_list, [device]) => { set(device, 'name', 'a\u001b[2J') },
      'directional override in a name': list => { list['name'] = 'a\u202eb' },
      'name too long': list => { list['name'] = 'a'.repeat(129) },
      'null for an absent field': (_list, [device]) => { set(device, 'expires', null) },
      'too many devices': (list, devices) => { list['devices'] = Array.from({ length: 129 }, () => devices[0]) }
    }
    function cid (_wire: unknown): CID { return list.cid }
    function set (device: Record<string, unknown> | undefined, key: string, value: unknown): void { if (device !== undefined) device[key] = value }
    for (const [what, change] of Object.entries(changes)) {
      expect(await nameOfError(async () => await decodeDeviceList(await wire(change))), what).to.equal('InvalidBytesError')
    }
  })

  it('is refused when it is no signed block, or its body not canonical', async () => {
    const signer = await createSigner(secret(1))
    const { list } = await somebody(1, 'Bob')
    const unsorted = Uint8Array.from([0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01])
    const signed = Uint8Array.from([0x82, ...unsorted, 0x58, 0x40, ...await signer.sign('device-list', unsorted)])
    const withTail = Uint8Array.from([...list.bytes, 0])
    const map = encodeCanonical({ body: list.bytes })
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x82), signed, withTail, map, list.bytes.subarray(0, -1), await signBlock(signer, 'device-list', [1, 2])]) {
      expect(await nameOfError(async () => await decodeDeviceList(bytes))).to.equal('InvalidBytesError')
    }
  })
})

describe('a device list with as many devices as allowed', () => {
  it('still fits', async () => {
    const person = await createSigner(secret(1))
    const { sealing } = await deviceKeys(2)
    const devices = await Promise.all(Array.from({ length: 128 }, async (_value, index) => ({ ...recordOf(await deviceKeys(2), 'endpoint'), device: (await createSigner(secret(index + 5).map((byte, place) => place === 0 ? index : byte))).did, sealing: sealing.publicKey, name: 'n'.repeat(64), expires: T0 + HOUR, revoked: T0 + HOUR })))
    const list: DeviceList = await createDeviceList(person, { name: 'Bob', devices, issued: T0 })
    expect(list.devices).to.have.length(128)
  })
})
