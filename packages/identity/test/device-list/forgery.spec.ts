import { encodeCanonical, type CID } from '@parley/core'
import { createSigner, decodeDeviceList, signBlock, type Signer } from '@parley/identity'
import { expect } from 'chai'
import { compare } from 'uint8arrays'
import { encodeList, makeChange, makeDetails, type MadeChange } from '../support/device-changes.ts'
import { T0, deviceKeys, secret, somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'

type Body = Record<string, unknown>

/** A beginning with an admin and a telephone, made by hand, and what can be built on it. */
async function workshop () {
  const person = await createSigner(secret(1))
  const [admin, phone, tablet] = [await deviceKeys(2), await deviceKeys(3), await deviceKeys(4)]
  const { entry, hash } = makeDetails({ name: 'x', platform: 'linux', capabilities: [] })
  const record = (keys: typeof admin, roles: string[]): Body => ({ device: keys.signer.publicKey, sealing: keys.sealing.publicKey, roles, details: hash })
  const devices = [record(admin, ['admin']), record(phone, ['endpoint'])].sort((a, b) => compare(a['device'] as Uint8Array, b['device'] as Uint8Array))
  const beginBody = (): Body => ({ v: 1, person: person.publicKey, parents: [], at: T0, begin: { name: 'Bob', devices: devices.map(device => ({ ...device })) } })
  const begin = await makeChange(person, beginBody())
  const by = (signer: Signer, parents: CID[], verb: Body): Body => ({ v: 1, ...(signer === person ? {} : { author: signer.publicKey }), parents, at: T0 + 1, ...verb })
  const change = async (signer: Signer, parents: MadeChange[], verb: Body): Promise<MadeChange> => await makeChange(signer, by(signer, parents.map(({ cid }) => cid), verb))
  const put = { put: record(tablet, ['endpoint']) }
  const list = (...changes: MadeChange[]): Uint8Array => encodeList(changes, [entry])
  return { person, admin, phone, tablet, entry, record, beginBody, begin, by, change, put, list }
}

const nameOf = async (bytes: Uint8Array): Promise<string> => await nameOfError(async () => await decodeDeviceList(bytes))

describe('a device list made by hand', () => {
  it('is taken when nothing is wrong with it', async () => {
    const { person, admin, begin, change, put, list } = await workshop()
    const added = await change(admin.signer, [begin], put)
    const named = await change(person, [added], { name: 'Robert' })
    const read = await decodeDeviceList(list(begin, added, named))
    expect(read).to.include({ name: 'Robert', size: 3 })
    expect(read.devices).to.have.length(3)
  })

  it('is refused when somebody else signed a change of it, or for something else', async () => {
    const { person, admin, phone, beginBody, begin, by, put, list } = await workshop()
    const name = 'InvalidSignatureError'
    expect(await nameOf(list(await makeChange(phone.signer, beginBody())))).to.equal(name)
    expect(await nameOf(list(await makeChange(person, beginBody(), 'contact-card')))).to.equal(name)
    expect(await nameOf(list(begin, await makeChange(phone.signer, by(admin.signer, [begin.cid], put))))).to.equal(name)
    expect(await nameOf(list(begin, await makeChange(admin.signer, by(person, [begin.cid], put))))).to.equal(name)
    expect(await nameOf(list(begin, await makeChange(admin.signer, by(admin.signer, [begin.cid], put), 'device-list')))).to.equal(name)
  })

  it('is refused when the proof of a successor is not theirs', async () => {
    const { person, begin, change, list } = await workshop()
    const next = await createSigner(secret(50))
    for (const proof of [new Uint8Array(64), await next.sign('action', encodeCanonical({ v: 1, from: person.publicKey, to: next.publicKey, at: T0 + 1 }))]) {
      expect(await nameOf(list(begin, await change(person, [begin], { successor: { person: next.publicKey, proof } })))).to.equal('InvalidSignatureError')
    }
    const proof = await next.sign('succession', encodeCanonical({ v: 1, from: person.publicKey, to: next.publicKey, at: T0 + 1 }))
    expect(await nameOf(list(begin, await change(person, [begin], { successor: { person: next.publicKey, proof } })))).to.equal('no error')
  })

  it('is refused when a change has no ground in what it builds on', async () => {
    const { person, admin, phone, tablet, begin, change, put, list } = await workshop()
    const { publicKey } = tablet.signer
    const named = await change(person, [begin], { name: 'Robert' })
    const revoked = await change(person, [begin], { revoke: phone.signer.publicKey })
    const later = await change(person, [named], { name: 'Rob' })
    const orphan = await change(person, [later], { name: 'R' })
    for (const [what, ...changes] of [
      ['a device that is no admin', begin, await change(phone.signer, [begin], { name: 'Mallory' })],
      ['a stranger', begin, await change(tablet.signer, [begin], { name: 'Mallory' })],
      ['a stranger who adds themselves', begin, await change(tablet.signer, [begin], put)],
      ['a device that was not there is revoked', begin, await change(admin.signer, [begin], { revoke: publicKey })],
      ['a live device is erased', begin, await change(person, [begin], { erase: phone.signer.publicKey })],
      ['a device is erased by who has not seen it revoked', begin, ...[revoked, await change(person, [begin], { erase: phone.signer.publicKey })].sort((a, b) => compare(a.cid.bytes, b.cid.bytes))],
      ['something is missing', begin, orphan],
      ['the beginning is missing', named],
      ['nothing is there']
    ] as Array<[string, ...MadeChange[]]>) expect(await nameOf(list(...changes)), what).to.equal('InvalidBytesError')
  })

  it('is refused when it begins twice', async () => {
    const { person, beginBody, begin, list } = await workshop()
    const other = await makeChange(person, { ...beginBody(), at: T0 + 1 })
    const both = [begin, other].sort((a, b) => compare(a.cid.bytes, b.cid.bytes))
    expect(await nameOf(list(...both))).to.equal('InvalidBytesError')
  })

  it('is refused when its changes are in another order, or one comes twice', async () => {
    const { person, begin, change, list } = await workshop()
    const two = [await change(person, [begin], { name: 'A' }), await change(person, [begin], { name: 'B' })].sort((a, b) => compare(a.cid.bytes, b.cid.bytes))
    const last = await change(person, two.slice(0, 1), { name: 'C' })
    expect(await nameOf(list(begin, ...two, last))).to.equal('no error')
    for (const changes of [[begin, ...[...two].reverse(), last], [begin, last, ...two], [begin, ...two.slice(0, 1), last, ...two.slice(1)], [...two, last, begin], [begin, begin, ...two, last], [begin, ...two, ...two, last]]) {
      expect(await nameOf(list(...changes))).to.equal('InvalidBytesError')
    }
  })

  it('is refused by name when a change is not in the one form that means this', async () => {
    const { person, admin, phone, begin, by, put, record, beginBody, list } = await workshop()
    const bodies: Record<string, Body> = {
      version: { ...by(person, [begin.cid], put), v: 2 },
      'unknown field': { ...by(person, [begin.cid], put), extra: 1 },
      'no time': { v: 1, parents: [begin.cid], ...put },
      'negative time': { ...by(person, [begin.cid], put), at: -1 },
      'fractional time': { ...by(person, [begin.cid], put), at: 1.5 },
      'nothing to change': by(person, [begin.cid], {}),
      'two things to change': by(person, [begin.cid], { ...put, name: 'x' }),
      'a person again': { ...by(person, [begin.cid], put), person: person.publicKey },
      'the person as author': { ...by(person, [begin.cid], put), author: person.publicKey },
      'no parents': by(person, [], put),
      'a parent twice': by(person, [begin.cid, begin.cid], put),
      'parents that are bytes': by(person, [begin.cid.bytes as unknown as CID], put),
      'recovery by an admin': by(admin.signer, [begin.cid], { recovery: phone.sealing.publicKey }),
      'successor by an admin': by(admin.signer, [begin.cid], { successor: { person: phone.signer.publicKey, proof: new Uint8Array(64) } }),
      'recovery key of low order': by(person, [begin.cid], { recovery: new Uint8Array(32) }),
      'name too long': by(person, [begin.cid], { name: 'a'.repeat(129) }),
      'directional override in a name': by(person, [begin.cid], { name: 'a\u202eb' }),
      'short key': by(person, [begin.cid], { revoke: new Uint8Array(31) })
    }
    const puts: Record<string, Body> = {
      'no role': { roles: [] },
      'unknown role': { roles: ['root'] },
      'roles out of order': { roles: ['proxy', 'admin'] },
      'role twice': { roles: ['proxy', 'proxy'] },
      'sealing key of low order': { sealing: new Uint8Array(32) },
      'short device key': { device: new Uint8Array(31) },
      'added at the time of the change': { added: T0 + 1 },
      'null for an absent field': { expires: null },
      'a name': { name: 'x' },
      'no hash of details': { details: new Uint8Array(31) }
    }
    for (const [what, change] of Object.entries(puts)) bodies[what] = by(person, [begin.cid], { put: { ...put.put, ...change } })
    for (const [what, body] of Object.entries(bodies)) {
      const signer = body['author'] === admin.signer.publicKey ? admin.signer : person
      expect(await nameOf(list(begin, await makeChange(signer, body))), what).to.equal('InvalidBytesError')
    }
    const begins: Record<string, Body> = {
      'parents of a beginning': { ...beginBody(), parents: [begin.cid] },
      'author of a beginning': { ...beginBody(), author: admin.signer.publicKey },
      'no person': { v: 1, parents: [], at: T0, begin: beginBody()['begin'] },
      'devices out of order': { ...beginBody(), begin: { name: 'Bob', devices: [...(beginBody()['begin'] as { devices: Body[] }).devices].reverse() } },
      'a device twice': { ...beginBody(), begin: { name: 'Bob', devices: [record(admin, ['admin']), record(admin, ['admin'])] } }
    }
    for (const [what, body] of Object.entries(begins)) expect(await nameOf(list(await makeChange(person, body))), what).to.equal('InvalidBytesError')
  })

  it('is refused when its details are none', async () => {
    const { person, begin, by, put, tablet } = await workshop()
    const shown = { name: 'x', platform: 'linux', capabilities: [] }
    for (const details of [
      { ...shown, name: 'a\u001b[2J' }, { ...shown, name: '' }, { ...shown, name: 'a'.repeat(65) }, { ...shown, platform: 'Linux' }, { ...shown, capabilities: ['b', 'a'] }, { ...shown, extra: 1 }, { name: 'x' }, []
    ]) {
      const { entry, hash } = makeDetails(details)
      const change = await makeChange(person, by(person, [begin.cid], { put: { ...put.put, device: tablet.signer.publicKey, details: hash } }))
      const entries = [entry, makeDetails(shown).entry].sort(compare)
      expect(await nameOf(encodeList([begin, change], entries)), JSON.stringify(details)).to.equal('InvalidBytesError')
    }
  })

  it('is refused when it is oversized, before anything else, and when it is no list', async () => {
    const { list } = await somebody(1, 'Bob')
    expect(await nameOf(new Uint8Array(49 * 1024))).to.equal('OversizedBytesError')
    const { person, begin, entry } = await workshop()
    const block = await signBlock(person, 'device-list', { v: 1 })
    for (const bytes of [
      new Uint8Array(0), Uint8Array.of(0x82), block, begin.bytes, Uint8Array.from([...list.bytes, 0]), list.bytes.subarray(0, -1), encodeList([begin], [entry], { extra: 1 }), encodeCanonical([begin.bytes]),
      encodeList([{ ...begin, bytes: block }], [entry])
    ]) expect(await nameOf(bytes)).to.equal('InvalidBytesError')
  })
})
