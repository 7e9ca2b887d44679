/**
 * Writes `v1/actions.json`, once. Frozen: what is there is never edited, and
 * this script refuses to run when it is there.
 *
 *     node --conditions=parley-source packages/conversations/test/vectors/write-vectors.ts
 */
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { cidOf, createVirtualClock } from '@parley/core'
import { createDeviceKeys, createSigner, encryptContent, publicKeyFromDid } from '@parley/identity'
import { definitionOf, encodeContent } from '../../src/actions/registry.ts'
import type { Content } from '../../src/index.ts'
import { encodeBasics, hashSubject } from '../../src/format/basics.ts'
import { encodeAction } from '../../src/format/encode-action.ts'
import type { KeyCopy } from '../../src/format/key-copy.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'

const file = new URL('v1/actions.json', import.meta.url)
if (existsSync(file)) {
  console.error('The vectors are frozen already.')
  process.exit(1)
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (name: string, length = 32): Uint8Array => createHash('sha512').update(`parley vector ${name}`).digest().subarray(0, length)
const deviceSeed = bytes('device')
const device = await createDeviceKeys({ seed: deviceSeed, sealingSecret: bytes('sealing') })
const person = publicKeyFromDid((await createSigner(bytes('person'))).did)
const other = publicKeyFromDid((await createSigner(bytes('other'))).did)
const third = publicKeyFromDid((await createSigner(bytes('third'))).did)
const key = bytes('epoch 0')
const salt = bytes('salt', 16)
const message = bytes('message', 16)
const voice = bytes('voice', 16)
const time = createVirtualClock().now()
const manifest = cidOf(bytes('manifest', 60))
const basics = encodeBasics({ v: 1, creator: person, time, subject: hashSubject(salt, 'Dinner') })
const conversation = basics.cid.multihash.digest
const contents: Content[] = [
  { verb: 'publish', thing: 'conversation', subject: 'Dinner', salt },
  { verb: 'add', thing: 'participant', person: other, name: 'Bob', permission: 'write', history: 'all' },
  { verb: 'add', thing: 'message', message, body: 'Are you hungry?', attachment: { voice, key: bytes('voice key'), codec: 'opus', sampleRateHz: 48_000, channels: 1 } },
  { verb: 'add', thing: 'attachment', message, voice, manifest, durationMs: 10_000, segments: 11, cutOff: true, reason: 'the link broke' },
  { verb: 'played', thing: 'message', message, positionMs: 9_980, done: true },
  { verb: 'delete', thing: 'participant', person: other },
  { verb: 'add', thing: 'message', message: bytes('second message', 16), body: 'By a one-time key' },
  { verb: 'modify', thing: 'participant', person: other, permission: 'full' },
  { verb: 'add', thing: 'participant', person: third, permission: 'comment', history: 'from-now', subject: 'Dinner' }
]
const own = { device: device.signer.publicKey, enc: bytes('enc'), ct: bytes('ct', 52) }
// Filler. The last one is for two devices: one by its long-term key, one by a one-time key.
const keysOf = (seq: number): KeyCopy[] | undefined => seq === 0 || seq === 8
  ? [own]
  : seq === 6 ? [own, { device: bytes('another device'), enc: bytes('enc 2'), ct: bytes('ct 2', 52), prekey: bytes('pre-key', 8) }].sort((a, b) => Buffer.compare(a.device, b.device)) : undefined
const actions = []
let prev: Uint8Array | undefined
for (const [seq, content] of contents.entries()) {
  const context = sealingContext(conversation, device.signer.publicKey, seq)
  const plain = encodeContent(content)
  const { block, body } = encodeAction({
    conversation,
    author: device.signer.publicKey,
    person,
    seq,
    prev,
    heads: seq === 4 ? [bytes('head')] : [],
    time: { wallMs: time + seq, counter: seq, offsetMinutes: seq === 3 ? -90 : 60 },
    // Who is to read from now on alone begins an epoch; here with the same key.
    epoch: seq === 8 ? 1 : 0,
    access: definitionOf(content).access?.(content),
    keys: keysOf(seq),
    links: seq === 3 ? [manifest.bytes] : undefined,
    sealed: encryptContent(key, plain, context, length => bytes(`nonce ${seq}`, length))
  })
  block.set(await device.signer.sign('action', body), block.length - 64)
  prev = cidOf(block).multihash.digest
  actions.push({ name: `${content.verb} ${content.thing}`, content: hex(plain), context: hex(context), block: hex(block), cid: cidOf(block).toString() })
}
writeFileSync(file, `${JSON.stringify({
  basics: { creator: hex(person), time, salt: hex(salt), subject: 'Dinner', block: hex(basics.bytes), cid: basics.cid.toString() },
  deviceSeed: hex(deviceSeed),
  epochKey: hex(key),
  actions
}, undefined, 2)}\n`)
