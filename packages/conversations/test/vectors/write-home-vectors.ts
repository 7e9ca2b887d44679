/**
 * Writes `v1/home.json`, once. Frozen: what is there is never edited, and
 * this script refuses to run when it is there.
 *
 *     node --conditions=parley-source packages/conversations/test/vectors/write-home-vectors.ts
 */
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { cidOf, createVirtualClock } from '@parley/core'
import { createDeviceKeys, createSigner, encryptContent, publicKeyFromDid } from '@parley/identity'
import { encodeContent } from '../../src/actions/registry.ts'
import type { Content } from '../../src/index.ts'
import { encodeBasics, homeBasics, homeSalt } from '../../src/format/basics.ts'
import { encodeAction } from '../../src/format/encode-action.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'

const file = new URL('v1/home.json', import.meta.url)
if (existsSync(file)) {
  console.error('The vectors are frozen already.')
  process.exit(1)
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (name: string, length = 32): Uint8Array => createHash('sha512').update(`parley home vector ${name}`).digest().subarray(0, length)
const deviceSeed = bytes('device')
const sealingSecret = bytes('sealing')
const device = await createDeviceKeys({ seed: deviceSeed, sealingSecret })
const person = publicKeyFromDid((await createSigner(bytes('person'))).did)
const key = bytes('epoch 0')
const time = createVirtualClock().now()
const basics = encodeBasics(homeBasics(person, time))
const conversation = basics.cid.multihash.digest
const contents: Array<[string, Content]> = [
  ['keys alone', { verb: 'put', thing: 'records', records: [] }],
  ['a record', { verb: 'put', thing: 'record', collection: 'contacts', key: 'did:key:z6Mk', value: bytes('value', 20) }],
  ['a deleted record', { verb: 'put', thing: 'record', collection: 'contacts', key: 'did:key:z6Mk', value: null }],
  ['several records', { verb: 'put', thing: 'records', records: [{ collection: 'profile', key: 'name', value: new TextEncoder().encode('Zoë') }, { collection: 'keys', key: `${basics.cid.toString()}/0/${hex(bytes('hash', 16))}`, value: bytes('key') }, { collection: 'profile', key: 'ünïcode/with/slashes', value: null }] }]
]
const actions = []
let prev: Uint8Array | undefined
for (const [seq, [name, content]] of contents.entries()) {
  const context = sealingContext(conversation, device.signer.publicKey, seq)
  const plain = encodeContent(content)
  const { block, body } = encodeAction({
    conversation,
    author: device.signer.publicKey,
    person,
    seq,
    prev,
    heads: [],
    time: { wallMs: time + seq, counter: 0, offsetMinutes: 0 },
    epoch: 0,
    // Filler, for the device and for the recovery key, whose copy bears the person's key.
    keys: seq === 0 ? [{ device: device.signer.publicKey, enc: bytes('enc'), ct: bytes('ct', 52) }, { device: person, enc: bytes('enc 2'), ct: bytes('ct 2', 52) }].sort((a, b) => Buffer.compare(a.device, b.device)) : undefined,
    sealed: encryptContent(key, plain, context, length => bytes(`nonce ${seq}`, length))
  })
  block.set(await device.signer.sign('action', body), block.length - 64)
  prev = cidOf(block).multihash.digest
  actions.push({ name, content: hex(plain), context: hex(context), block: hex(block), cid: cidOf(block).toString() })
}
writeFileSync(file, `${JSON.stringify({
  basics: { person: hex(person), time, salt: hex(homeSalt(person)), block: hex(basics.bytes), cid: basics.cid.toString() },
  deviceSeed: hex(deviceSeed),
  sealingSecret: hex(sealingSecret),
  storageKey: hex(device.storageKey),
  epochKey: hex(key),
  actions
}, undefined, 2)}\n`)
