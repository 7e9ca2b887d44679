import { contactUrl, createContactCard, createSigner, decodeContactCard, extendDeviceList, parseContactUrl, publicKeyFromDid, signBlock } from '@parley/identity'
import { expect } from 'chai'
import { toString } from 'uint8arrays'
import { readChanges } from './support/device-changes.ts'
import { HOUR, T0, recordOf, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

describe('a contact card', () => {
  it('says where the devices of a person are, signed by one of them', async () => {
    const { person, phone, proxy, card } = await somebody(1, 'Bob')
    const read = await decodeContactCard(card.bytes)
    expect(read).to.deep.equal(card)
    expect(read).to.include({ signer: phone.did, issued: T0 + 1, expires: T0 + HOUR })
    expect(read.list.person).to.equal(person.did)
    expect(read.routes).to.deep.equal([{ device: proxy.did, addresses: ['/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4002/ws'] }])
  })

  it('can be read when it expired: that is for the caller to judge', async () => {
    const { phone, list } = await somebody(1, 'Bob')
    const card = await createContactCard(phone.signer, { list, routes: [], issued: T0, expires: T0 + 1 })
    expect((await decodeContactCard(card.bytes)).expires).to.equal(T0 + 1)
  })

  it('is not made by a device without a role, nor for stray devices, nor backwards in time', async () => {
    const { phone, list, person } = await somebody(1, 'Bob')
    const other = await somebody(20, 'Mallory')
    const revoked = await extendDeviceList(person, list, { revoke: [phone.did] }, { at: T0 + 5 })
    const init = { routes: [], issued: T0 + 10, expires: T0 + 20 }
    expect(await nameOfError(async () => await createContactCard(other.phone.signer, { list, ...init }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await createContactCard(person, { list, ...init }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await createContactCard(phone.signer, { list: revoked, ...init }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await createContactCard(phone.signer, { list, ...init, routes: [{ device: other.phone.did, addresses: [] }] }))).to.equal('InvalidArgumentError')
    expect(await nameOfError(async () => await createContactCard(phone.signer, { list, routes: [], issued: T0 + 10, expires: T0 + 10 }))).to.equal('InvalidBytesError')
  })
})

describe('a contact card from outside', () => {
  const wire = async (change: (card: Record<string, unknown>) => void, by: 'phone' | 'stranger' = 'phone'): Promise<Uint8Array> => {
    const { phone, proxy, list } = await somebody(1, 'Bob')
    const stranger = await somebody(20, 'Mallory')
    const card: Record<string, unknown> = { v: 1, list: list.bytes, routes: [{ device: proxy.signer.publicKey, addresses: ['/memory/1'] }], issued: T0 + 1, expires: T0 + HOUR, signer: phone.signer.publicKey }
    change(card)
    return await signBlock((by === 'phone' ? phone : stranger.phone).signer, 'contact-card', card)
  }

  it('is taken when nothing is wrong with it', async () => {
    expect((await decodeContactCard(await wire(() => {}))).routes).to.have.length(1)
  })

  it('is refused when another device signed it than it says, or one of another person', async () => {
    const stranger = await somebody(20, 'Mallory')
    expect(await nameOfError(async () => await decodeContactCard(await wire(() => {}, 'stranger')))).to.equal('InvalidSignatureError')
    expect(await nameOfError(async () => await decodeContactCard(await wire(card => { card['signer'] = stranger.phone.signer.publicKey }, 'stranger')))).to.equal('InvalidSignatureError')
    expect(await nameOfError(async () => await decodeContactCard(await wire(card => { card['list'] = stranger.list.bytes })))).to.equal('InvalidSignatureError')
    expect(await nameOfError(async () => await decodeContactCard(await wire(card => { card['issued'] = T0 - 1 })))).to.equal('InvalidSignatureError')
  })

  it('is refused when its device list is forged', async () => {
    const { list } = await somebody(1, 'Bob')
    const mallory = await createSigner(new Uint8Array(32).fill(66))
    const [change = new Uint8Array(0)] = readChanges(list.bytes).map(({ bytes }) => bytes)
    const forged = list.bytes.slice()
    const end = toString(forged, 'hex').indexOf(toString(change, 'hex')) / 2 + change.byteLength
    forged.set(await mallory.sign('device-change', change.subarray(1, -66)), end - 64)
    expect(await nameOfError(async () => await decodeContactCard(await wire(card => { card['list'] = forged })))).to.equal('InvalidSignatureError')
  })

  it('is refused by name when it is not in the one form that means this', async () => {
    const { phone, proxy } = await somebody(1, 'Bob')
    const stranger = await somebody(20, 'Mallory')
    const route = (device: Uint8Array, ...addresses: string[]): unknown => ({ device, addresses })
    const [low, high] = [phone, proxy].map(keys => keys.signer.publicKey).sort(Buffer.compare)
    if (low === undefined || high === undefined) throw new TypeError('two keys were expected')
    const changes: Record<string, (card: Record<string, unknown>) => void> = {
      version: card => { card['v'] = 2 },
      'unknown field': card => { card['extra'] = 1 },
      'expires before it is issued': card => { card['expires'] = T0 },
      'no multiaddr': card => { card['routes'] = [route(low, 'http://example.org')] },
      'address with a space': card => { card['routes'] = [route(low, '/ip4/1.2.3.4 /tcp/1')] },
      'address twice': card => { card['routes'] = [route(low, '/memory/1', '/memory/1')] },
      'seventeen addresses': card => { card['routes'] = [route(low, ...Array.from({ length: 17 }, (_value, index) => `/memory/${index}`))] },
      'routes out of order': card => { card['routes'] = [route(high, '/memory/1'), route(low, '/memory/1')] },
      'route twice': card => { card['routes'] = [route(low, '/memory/1'), route(low, '/memory/2')] },
      'route of a stranger': card => { card['routes'] = [route(publicKeyFromDid(stranger.phone.did), '/memory/1')] },
      'list that is none': card => { card['list'] = new Uint8Array(10) }
    }
    for (const [what, change] of Object.entries(changes)) {
      expect(await nameOfError(async () => await decodeContactCard(await wire(change))), what).to.equal('InvalidBytesError')
    }
    expect(await nameOfError(async () => await decodeContactCard(new Uint8Array(65 * 1024)))).to.equal('OversizedBytesError')
  })
})

describe('a contact URL', () => {
  it('carries the card, in upper case and with white space in it too', async () => {
    const { card } = await somebody(1, 'Bob')
    const url = contactUrl(card)
    expect(url).to.match(/^parley:contact\/1\/[a-z2-7]+$/)
    expect(await parseContactUrl(url)).to.deep.equal(card)
    expect(await parseContactUrl(url.toUpperCase())).to.deep.equal(card)
    expect(await parseContactUrl(`  ${url.replace(/(.{40})/g, '$1\r\n')}\n`)).to.deep.equal(card)
  })

  it('is refused by name when it is none, cut or altered', async () => {
    const { card } = await somebody(1, 'Bob')
    const url = contactUrl(card)
    for (const text of ['', 'parley:', 'parley:contact/1/', 'parley:contact/2/aaaa', url.replace('contact', 'proxy'), `${url}=`, `${url}1`, `https://example.org/#${url}`, url.repeat(300)]) {
      expect(await nameOfError(async () => await parseContactUrl(text)), text.slice(0, 40)).to.equal('InvalidUrlError')
    }
    expect(await nameOfError(async () => await parseContactUrl(url.slice(0, -8)))).to.be.oneOf(['InvalidUrlError', 'InvalidBytesError'])
    const signature = url.length - 20
    const altered = url.slice(0, signature) + (url[signature] === 'a' ? 'b' : 'a') + url.slice(signature + 1)
    expect(await nameOfError(async () => await parseContactUrl(altered))).to.equal('InvalidSignatureError')
  })

  it('is refused when its last character says more than there is', async () => {
    const { card } = await somebody(1, 'Bob')
    const url = contactUrl(card)
    const others = 'abcdefghijklmnopqrstuvwxyz234567'.split('').map(letter => url.slice(0, -1) + letter).filter(text => text !== url)
    for (const text of others) expect(await nameOfError(async () => await parseContactUrl(text))).to.be.oneOf(['InvalidUrlError', 'InvalidSignatureError'])
  })
})

describe('a card whose device was added later than the card says', () => {
  it('is not from that device', async () => {
    const { person, phone, list } = await somebody(1, 'Bob')
    const late = await somebody(30, 'x')
    const next = await extendDeviceList(person, list, { add: [recordOf(late.phone, 'endpoint', { added: T0 + 100 })] }, { at: T0 + 100 })
    expect(await nameOfError(async () => await createContactCard(late.phone.signer, { list: next, routes: [], issued: T0 + 99, expires: T0 + HOUR }))).to.equal('InvalidArgumentError')
    expect((await createContactCard(phone.signer, { list: next, routes: [], issued: T0 + 99, expires: T0 + HOUR })).list.size).to.equal(2)
  })
})
