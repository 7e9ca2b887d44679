import * as dagCbor from '@ipld/dag-cbor'
import { cidOf } from '@parley/core'
import {
  coversDeviceList, createSealingKey, createSigner, decodeDeviceList, decryptContent, parseClaimUrl, parseContactUrl, decodeClaim, decodeContactCard, deviceHistory, mergeDeviceLists, rolesOf, verifySigned
} from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromString, toString } from 'uint8arrays'
import { SEALING, SECRETS, TIMES, buildVectors } from './support/build-vectors.ts'
import { readChanges } from './support/device-changes.ts'
import { frozenVectors } from './support/vectors.ts'

type Vectors = Awaited<ReturnType<typeof buildVectors>>
const frozen = frozenVectors<Vectors>('identity.json')
const hex = (text: string): Uint8Array => fromString(text, 'hex')

describe('the frozen vectors', () => {
  it('are what this code still writes, but for the sealed copy, whose key is random', async () => {
    const { sealedCopy: _random, ...built } = await buildVectors()
    const { sealedCopy: _frozen, ...kept } = frozen
    expect(built).to.deep.equal(kept)
  })

  it('of the signed block verify', async () => {
    const { publicKey } = await createSigner(SECRETS.person)
    const { context, block } = frozen.signedBlock
    const body = await verifySigned('vector', context, publicKey, hex(block))
    expect(toString(body, 'hex')).to.equal('a2617601' + '65776f726473' + '6568656c6c6f')
  })

  it('of the device lists say what was added, revoked, erased and named', async () => {
    const [first, byPhone, second, third] = await Promise.all(frozen.deviceLists.map(async ({ block }) => await decodeDeviceList(hex(block))))
    if (first === undefined || byPhone === undefined || second === undefined || third === undefined) throw new TypeError('four lists were expected')
    expect([first, byPhone, second, third].map(({ cid }) => cid.toString())).to.deep.equal(frozen.deviceLists.map(list => list.cid))
    const phone = frozen.did.deviceDid
    expect(rolesOf(first, phone, TIMES.revoked)).to.deep.equal(['admin', 'endpoint'])
    expect(byPhone.devices.map(({ name }) => name)).to.have.members(['Phone', 'Proxy at home', 'Tablet'])
    expect(second.devices.map(({ name }) => name)).to.have.members(['Phone', 'Proxy at home'])
    expect(rolesOf(second, phone, TIMES.revoked)).to.deep.equal([])
    expect(deviceHistory(second).map(({ kind, counts }) => [kind, counts])).to.have.deep.members([['begin', true], ['put', false], ['revoke', true]])
    expect(third).to.include({ name: 'Robert Example', successor: (await createSigner(SECRETS.next)).did, created: TIMES.issued })
    expect(third.devices.find(({ device }) => device === phone)).to.include({ name: '', revoked: TIMES.revoked })
    expect([coversDeviceList(third, byPhone), mergeDeviceLists(first, third).cid.toString()]).to.deep.equal([true, third.cid.toString()])
  })

  it('of the device lists are read the same by any reader of DAG-CBOR', () => {
    for (const { block, cid } of frozen.deviceLists) {
      const list = dagCbor.decode<{ v: number, changes: Uint8Array[], details: Uint8Array[] }>(hex(block))
      expect(toString(dagCbor.encode(list), 'hex')).to.equal(block)
      expect(Object.keys(list)).to.have.members(['v', 'changes', 'details'])
      expect(cidOf(hex(block)).toString()).to.equal(cid)
      const changes = readChanges(hex(block))
      const hashes = changes.flatMap(({ body }) => [body['put'], ...(body['begin'] as { devices: unknown[] } | undefined)?.devices ?? []].flatMap(record => (record as { details: Uint8Array } | undefined)?.details ?? []))
      for (const entry of list.details) {
        expect(hashes.map(hash => toString(hash, 'hex'))).to.include(createHash('sha256').update(entry).digest('hex'))
        expect(dagCbor.decode(entry.subarray(16))).to.have.all.keys('name', 'platform', 'capabilities')
      }
      for (const { body } of changes.slice(1)) expect(body.parents.every(parent => changes.some(({ cid }) => cid === parent.toString()))).to.equal(true)
    }
  })

  it('of card and claim decode, and their URLs mean the same', async () => {
    expect(await parseContactUrl(frozen.contactCard.url)).to.deep.equal(await decodeContactCard(hex(frozen.contactCard.block)))
    expect(await parseClaimUrl(frozen.claim.url)).to.deep.equal(await decodeClaim(hex(frozen.claim.block)))
  })

  it('of what is sealed open', async () => {
    const key = await createSealingKey(SECRETS.phoneSealing)
    const { enc, ct } = frozen.sealedCopy
    expect(await key.open(SEALING.purpose, { enc: hex(enc), ct: hex(ct) }, SEALING.aad)).to.deep.equal(SEALING.plaintext)
    expect(decryptContent(SECRETS.content, hex(frozen.sealedContent), SEALING.aad)).to.deep.equal(SEALING.plaintext)
  })

  it('of the key files open', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-vectors-'))
    try {
      await writeFile(join(folder, 'person.key'), hex(frozen.keyFiles.plain))
      expect(await createFileKeyStore(folder).get('person')).to.deep.equal(SECRETS.person)
      await writeFile(join(folder, 'person.key'), hex(frozen.keyFiles.encrypted))
      expect(await createFileKeyStore(folder, { passphrase: 'correct horse battery staple' }).get('person')).to.deep.equal(SECRETS.person)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
