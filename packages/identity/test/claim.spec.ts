import { claimUrl, claimedDevice, createClaim, createContactCard, contactUrl, decodeClaim, extendDeviceList, parseClaimUrl, rolesOf, signBlock } from '@parley/identity'
import { expect } from 'chai'
import { HOUR, T0, deviceKeys, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

const init = { name: 'Proxy at home', platform: 'linux', addresses: ['/ip4/127.0.0.1/tcp/4001'], token: new Uint8Array(16).fill(7), issued: T0, expires: T0 + HOUR }

describe('a claim code', () => {
  it('lets a person take a proxy on', async () => {
    const proxy = await deviceKeys(40)
    const { person, list } = await somebody(1, 'Bob')
    const claim = await parseClaimUrl(claimUrl(await createClaim(proxy, init)).toUpperCase())
    expect(claim).to.deep.include({ device: proxy.did, ...init })
    expect(claim.sealing).to.deep.equal(proxy.sealing.publicKey)
    const next = await extendDeviceList(person, list, { add: [claimedDevice(claim, { at: T0 + 5 })] }, { at: T0 + 5 })
    expect(rolesOf(next, proxy.did, T0 + 5)).to.deep.equal(['proxy'])
    expect(rolesOf(await extendDeviceList(person, list, { add: [claimedDevice(claim, { at: T0, roles: ['proxy', 'listener'] })] }, { at: T0 }), proxy.did, T0)).to.deep.equal(['listener', 'proxy'])
  })

  it('is refused by name when it is forged, altered or something else', async () => {
    const [proxy, mallory] = [await deviceKeys(40), await deviceKeys(41)]
    const claim = await createClaim(proxy, init)
    const body = claim.bytes.subarray(1, -66)
    const forged = claim.bytes.slice()
    forged.set(await mallory.signer.sign('delegation', body), claim.bytes.byteLength - 64)
    expect(await nameOfError(async () => await decodeClaim(forged))).to.equal('InvalidSignatureError')
    const { phone, list } = await somebody(1, 'Bob')
    const card = await createContactCard(phone.signer, { list, routes: [], issued: T0, expires: T0 + 1 })
    expect(await nameOfError(async () => await decodeClaim(card.bytes))).to.equal('InvalidBytesError')
    expect(await nameOfError(async () => await parseClaimUrl(contactUrl(card)))).to.equal('InvalidUrlError')
    expect(await nameOfError(async () => await decodeClaim(new Uint8Array(17 * 1024)))).to.equal('OversizedBytesError')
    for (const change of [{ token: new Uint8Array(15) }, { expires: T0 }, { sealing: new Uint8Array(32) }, { v: 2 }, { name: '' }, { platform: 'Linux!' }, { extra: 1 }]) {
      const { bytes: _bytes, ...fields } = { ...claim, v: 1, device: proxy.signer.publicKey, ...change }
      expect(await nameOfError(async () => await decodeClaim(await signBlock(proxy.signer, 'delegation', fields))), Object.keys(change).join()).to.equal('InvalidBytesError')
    }
  })
})
