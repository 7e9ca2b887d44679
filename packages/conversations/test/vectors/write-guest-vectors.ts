/**
 * Writes `v1/guests.json`, once. Frozen: what is there is never edited, and
 * this script refuses to run when it is there.
 *
 *     node --conditions=parley-source packages/conversations/test/vectors/write-guest-vectors.ts
 */
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { cidOf, createVirtualClock } from '@parley/core'
import { createDeviceKeys, createSigner, encryptContent, publicKeyFromDid } from '@parley/identity'
import { definitionOf, encodeContent } from '../../src/actions/registry.ts'
import { encodeBasics, guestBasics } from '../../src/format/basics.ts'
import { encodeAction } from '../../src/format/encode-action.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'
import type { Content } from '../../src/index.ts'

const file = new URL('v1/guests.json', import.meta.url)
if (existsSync(file)) {
  console.error('The vectors are frozen already.')
  process.exit(1)
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (name: string, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(createHash('sha512').update(`parley guest vector ${name}`).digest().subarray(0, length))
const device = await createDeviceKeys({ seed: bytes('device'), sealingSecret: bytes('sealing') })
const host = publicKeyFromDid((await createSigner(bytes('host'))).did)
const guest = publicKeyFromDid((await createSigner(bytes('guest'))).did)
const time = Math.floor(createVirtualClock().now())
const random = bytes('random', 16)
const basics = encodeBasics(guestBasics(host, time, random))
const shared = encodeBasics({ v: 1, creator: host, time, subject: bytes('subject') }).cid
const key = bytes('epoch 0')
const contents: Array<[string, Content]> = [
  ['the guest', { verb: 'add', thing: 'participant', person: guest, permission: 'read', history: 'all' }],
  ['keys of two epochs', { verb: 'share', thing: 'conversation', conversation: shared, since: 3, keys: [{ epoch: 3, key: bytes('shared 3') }, { epoch: 300, key: bytes('shared 300') }] }],
  ['no keys yet', { verb: 'share', thing: 'conversation', conversation: shared, since: 0, keys: [] }],
  ['new keys', { verb: 'renew', thing: 'keys' }],
  ['the end', { verb: 'delete', thing: 'participant', person: guest }]
]
const actions = []
let prev: Uint8Array | undefined
for (const [seq, [name, content]] of contents.entries()) {
  const conversation = basics.cid.multihash.digest
  const definition = definitionOf(content)
  const context = sealingContext(conversation, device.signer.publicKey, seq)
  const plain = encodeContent(content)
  const links = definition.links?.(content).map(cid => cid.bytes)
  const { block, body } = encodeAction({
    conversation,
    author: device.signer.publicKey,
    person: host,
    seq,
    prev,
    heads: [],
    time: { wallMs: time + seq, counter: 0, offsetMinutes: 0 },
    epoch: seq < 3 ? 0 : 1,
    access: definition.access?.(content),
    links,
    // Filler.
    keys: seq === 0 || seq === 3 ? [{ device: device.signer.publicKey, enc: bytes('enc'), ct: bytes('ct', 52) }] : undefined,
    sealed: encryptContent(key, plain, context, length => bytes(`nonce ${seq}`, length))
  })
  block.set(await device.signer.sign('action', body), block.length - 64)
  prev = cidOf(block).multihash.digest
  actions.push({ name, content: hex(plain), context: hex(context), block: hex(block), cid: cidOf(block).toString(), links: (links ?? []).map(hex) })
}
writeFileSync(file, `${JSON.stringify({
  basics: { host: hex(host), time, random: hex(random), block: hex(basics.bytes), cid: basics.cid.toString() },
  conversation: shared.toString(),
  epochKey: hex(key),
  actions
}, undefined, 2)}\n`)
