import {
  createSealingKey, createSigner, decodeDeviceList, decryptContent, parseClaimUrl, parseContactUrl, decodeClaim, decodeContactCard, rolesOf, verifySigned
} from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { expect } from 'chai'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromString, toString } from 'uint8arrays'
import { SEALING, SECRETS, TIMES, buildVectors } from './support/build-vectors.ts'
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

  it('of the device lists form a chain in which the telephone ends', async () => {
    const [first, second] = await Promise.all(frozen.deviceLists.map(async ({ block }) => await decodeDeviceList(hex(block))))
    expect([first?.cid.toString(), second?.cid.toString()]).to.deep.equal(frozen.deviceLists.map(list => list.cid))
    expect(second?.previous?.toString()).to.equal(first?.cid.toString())
    if (first === undefined || second === undefined) return
    expect(rolesOf(first, frozen.did.deviceDid, TIMES.revoked)).to.deep.equal(['admin', 'endpoint'])
    expect(rolesOf(second, frozen.did.deviceDid, TIMES.revoked)).to.deep.equal([])
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
