import { createSystemClock, createVirtualClock, type Clock } from '@parley/core'
import { createDidResolver, createSigner, didKeyDocument, didKeyMethod, didWebMethod, didWebUrl, keysNamedBy, resolveDocument, verifyName, x25519FromEd25519, type DidResolver } from '@parley/identity'
import { expect } from 'chai'
import { base58btc } from 'multiformats/bases/base58'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromString } from 'uint8arrays'
import { secret } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'
import { sharedVectors } from '../support/vectors.ts'

interface Vector { seed: string, keyAgreementKeyPair?: { publicKeyBase58?: string }, didDocument: { id: string, keyAgreement: Array<string | { id: string }>, authentication: string[] } }

async function rejection (run: () => Promise<unknown>): Promise<{ name: string, code?: string, message: string }> {
  try {
    await run()
    return { name: 'no error', message: '' }
  } catch (error) {
    return error as { name: string, code?: string, message: string }
  }
}

describe('the document of a did:key', () => {
  it('has the keys of the did:key vectors (w3c-ccg/did-method-key, ed25519-x25519)', async function () {
    const vectors = Object.entries(sharedVectors<Record<string, Vector>>(this, 'did-key-ed25519-x25519.json'))
    expect(vectors).to.have.length(5)
    for (const [did, { seed, didDocument }] of vectors) {
      expect((await createSigner(fromString(seed, 'hex'))).did).to.equal(did)
      const document = didKeyDocument(did)
      const [agreement] = document.keyAgreement as Array<{ id: string, publicKeyMultibase: string }>
      const [expected] = didDocument.keyAgreement
      expect([document.id, document.authentication, document.assertionMethod]).to.deep.equal([didDocument.id, didDocument.authentication, didDocument.authentication])
      expect(agreement?.id).to.equal(typeof expected === 'string' ? expected : expected?.id)
      expect(agreement?.id.endsWith(`#${agreement.publicKeyMultibase}`)).to.equal(true)
      expect(document.verificationMethod?.[0]).to.deep.equal({ id: `${did}#${did.slice(8)}`, type: 'Multikey', controller: did, publicKeyMultibase: did.slice(8) })
    }
  })

  it('is resolved without asking anybody, and only for keys that are', async () => {
    const resolver = createDidResolver({ methods: [didKeyMethod] })
    const { did } = await createSigner(secret(1))
    expect(await resolveDocument(resolver, did)).to.deep.equal(didKeyDocument(did))
    expect(await rejection(async () => await resolveDocument(resolver, 'did:key:z6MkNo'))).to.include({ name: 'UnresolvableNameError', code: 'invalidDid' })
    expect(await rejection(async () => await resolveDocument(resolver, 'did:web:example.org'))).to.include({ name: 'UnresolvableNameError', code: 'unsupportedDidMethod' })
    expect(await rejection(async () => await resolveDocument(resolver, 'nonsense'))).to.include({ code: 'invalidDid' })
    expect(await nameOfError(() => x25519FromEd25519(Uint8Array.from({ length: 32 }, (_value, index) => index === 0 ? 1 : 0)))).to.equal('InvalidBytesError')
    expect(base58btc.encode(x25519FromEd25519(fromString('3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29', 'hex'))).slice(1)).to.equal('7By6kV2t2d188odEM4ExAve1UithKT6dLva4dwsDT3ak')
  })
})

describe('where the document of a did:web lies', () => {
  it('follows the method’s rules', () => {
    expect(didWebUrl('did:web:w3c-ccg.github.io')).to.equal('https://w3c-ccg.github.io/.well-known/did.json')
    expect(didWebUrl('did:web:w3c-ccg.github.io:user:alice')).to.equal('https://w3c-ccg.github.io/user/alice/did.json')
    expect(didWebUrl('did:web:example.com%3A3000:user:alice')).to.equal('https://example.com:3000/user/alice/did.json')
    expect(didWebUrl('did:web:localhost%3A8080', { allowLoopback: true })).to.equal('http://localhost:8080/.well-known/did.json')
  })

  it('is nowhere for what leads elsewhere than it says', async () => {
    const refused = [
      'did:key:z6Mk', 'did:web:', 'did:web:a b', 'did:web:user@example.org', 'did:web:example.org%2Fx', 'did:web:example.org:..', 'did:web:example.org:%2e%2E', 'did:web:example.org:a%2Fb', 'did:web:example.org::x',
      'did:web:example.org%3A', 'did:web:example.org%3A99999', 'did:web:example.org%3A1%3A2', 'did:web:10.0.0.1', 'did:web:0x7f.1', 'did:web:2130706433', 'did:web:[::1]', 'did:web:localhost', 'did:web:127.0.0.1', 'did:web:example.org:a?b', 'did:web:example.org:a#b', `did:web:${'a.'.repeat(200)}org`
    ]
    for (const did of refused) expect(await nameOfError(() => didWebUrl(did)), did).to.equal('UnresolvableNameError')
    expect(await nameOfError(() => didWebUrl('did:web:10.0.0.1', { allowLoopback: true }))).to.equal('UnresolvableNameError')
  })
})

describe('a did:web at a server', () => {
  let server: Server
  let name: string
  let answer: RequestListener
  let person: string
  const asked: string[] = []

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      answer(request, response)
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    name = `did:web:127.0.0.1%3A${(server.address() as AddressInfo).port}:people:bob`
    person = (await createSigner(secret(1))).did
  })

  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const web = (clock: Clock = createSystemClock({ unref: true })): DidResolver => createDidResolver({ methods: [didKeyMethod, didWebMethod({ fetch: globalThis.fetch, clock }, { allowLoopback: true })] })
  const serve = (document: unknown): void => { answer = (_request, response) => { response.end(typeof document === 'string' ? document : JSON.stringify(document)) } }
  const document = (more: Record<string, unknown> = {}): Record<string, unknown> => ({ id: name, alsoKnownAs: [person], ...more })

  it('is fetched from its path', async () => {
    serve(document())
    expect(await resolveDocument(web(), name)).to.deep.equal(document())
    expect(asked.at(-1)).to.equal('/people/bob/did.json')
  })

  it('is refused when it is too large, no document, another’s, a redirect or an error', async () => {
    const codes: Array<[RequestListener, string]> = [
      [(_request, response) => { for (let part = 0; part < 70; part++) response.write(' '.repeat(1024)); response.end('{}') }, 'invalidDidDocument'],
      [(_request, response) => { response.end('<html>') }, 'invalidDidDocument'],
      [(_request, response) => { response.end('{"id":7}') }, 'invalidDidDocument'],
      [(_request, response) => { response.end(JSON.stringify(document({ id: 'did:web:example.org' }))) }, 'invalidDidDocument'],
      [(_request, response) => { response.writeHead(302, { location: '/elsewhere/did.json' }).end() }, 'notFound'],
      [(_request, response) => { response.writeHead(404).end(JSON.stringify(document())) }, 'notFound']
    ]
    for (const [listener, code] of codes) {
      answer = listener
      expect(await rejection(async () => await resolveDocument(web(), name))).to.include({ name: 'UnresolvableNameError', code })
    }
    expect(asked).to.not.include('/elsewhere/did.json')
  })

  it('is given up after five seconds', async () => {
    const clock = createVirtualClock()
    const arrived = new Promise<void>(resolve => { answer = () => { resolve() } })
    const pending = rejection(async () => await resolveDocument(web(clock), name))
    await arrived
    await clock.advance(5000)
    expect((await pending).message).to.contain('took longer than 5000 ms')
  })

  it('counts for a person when both name each other, and not otherwise', async () => {
    const clock = createVirtualClock()
    const other = (await createSigner(secret(9))).did
    const namesOf = (names: Record<string, string[]>) => async (did: string): Promise<string[] | undefined> => names[did]
    serve(document())
    expect(await verifyName({ resolver: web(), clock, namesOf: namesOf({ [person]: ['did:web:other.example', name] }) }, name)).to.deep.equal({ name, did: person, checkedAt: clock.now() })
    for (const names of [{}, { [person]: [] }, { [person]: ['did:web:other.example'] }]) {
      expect(await nameOfError(async () => await verifyName({ resolver: web(), clock, namesOf: namesOf(names) }, name))).to.equal('NameNotClaimedError')
    }
    expect(await nameOfError(async () => await verifyName({ resolver: web(), clock, namesOf: namesOf({ [other]: [name] }) }, name, { expect: other }))).to.equal('NameOfNobodyError')
    serve({ id: name })
    expect(await nameOfError(async () => await verifyName({ resolver: web(), clock, namesOf: namesOf({ [person]: [name] }) }, name))).to.equal('NameOfNobodyError')
    expect(await nameOfError(async () => await verifyName({ resolver: createDidResolver({ methods: [didKeyMethod] }), clock, namesOf: namesOf({}) }, name))).to.equal('UnresolvableNameError')
  })

  it('names a person in any of three ways', () => {
    const text = person.slice(8)
    const key = (more: Record<string, string>) => ({ id: `${name}#key`, type: 'Multikey', controller: name, ...more })
    for (const document of [{ id: name, alsoKnownAs: ['https://x.example', person] }, { id: name, verificationMethod: [key({ controller: person })] }, { id: name, verificationMethod: [key({ publicKeyMultibase: text })] }]) {
      expect(keysNamedBy(document)).to.deep.equal([person])
    }
    expect(keysNamedBy({ id: name, verificationMethod: [key({ publicKeyMultibase: 'z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW' })] })).to.deep.equal([])
  })
})
