// Writes the frozen vectors once: node --conditions=parley-source packages/signalling/test/write-vectors.ts
// They are never edited: a change of the format is a new version with a folder of its own.
import { writeFile } from 'node:fs/promises'
import { CID, createSeededRandom } from '@parley/core'
import { createDeviceKeys, createSealedSender, createSigner, publicKeyFromDid, signBody } from '@parley/identity'
import { toString } from 'uint8arrays'
import { inboxTopic, sealEnvelope, signalCodec, type SignalContent } from '../src/index.ts'
import { STREAM_PURPOSE, helloCodec, introductionCodec } from '../src/stream-hello.ts'

const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')
const fill = (byte: number, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)
const person = await createSigner(fill(1))
const device = await createDeviceKeys({ seed: fill(2), sealingSecret: fill(3) })
const recipient = await createDeviceKeys({ seed: fill(4), sealingSecret: fill(5) })
const to = await createSigner(fill(6))

const contents: SignalContent[] = [
  { type: 'call.offer', payload: { media: ['audio'], card: fill(7, 40), conversation: CID.parse('bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy') } },
  { type: 'call.offer', payload: { media: ['audio'], card: fill(7, 40) } },
  { type: 'call.offer-ack', payload: { reach: 'proxy-only' } },
  { type: 'call.accept', payload: { mode: 'capture', onBehalfOf: publicKeyFromDid(person.did) } },
  { type: 'call.accept', payload: { mode: 'live' } },
  { type: 'call.reject', payload: { reason: 'declined', detail: 'in a meeting' } },
  { type: 'call.leave', payload: { reason: 'stored' } },
  { type: 'call.alive', payload: {} },
  { type: 'ack', payload: { of: fill(8, 16) } }
]
const signals = await Promise.all(contents.map(async (content, index) => {
  const body = signalCodec.encode({
    v: 1, id: fill(index, 16), call: fill(9, 16), from: publicKeyFromDid(person.did), device: publicKeyFromDid(device.did), to: publicKeyFromDid(to.did),
    seq: 1_700_000_000_000_000 + index, sentAt: 1_700_000_000_000, expiresAt: 1_700_000_060_000, ...content
  })
  return { type: content.type, body: hex(body), block: hex(await signBody(device.signer, 'signal', body)) }
}))
const block = signals[0]?.block ?? ''
const envelope = await sealEnvelope({ random: createSeededRandom(1) }, [{ device: recipient.did, publicKey: recipient.signer.publicKey, sealing: recipient.sealing.publicKey }], Buffer.from(block, 'hex'))
const sender = await createSealedSender(recipient.sealing.publicKey, STREAM_PURPOSE)
const introduction = introductionCodec.encode({ v: 1, sealing: new Uint8Array(device.sealing.publicKey), now: 1_700_000_000_000 })
const hello = helloCodec.encode({ v: 1, enc: new Uint8Array(sender.enc), ct: await sender.seal(introduction, new Uint8Array()) })
const frame = await sender.seal(Buffer.from(block, 'hex'), new Uint8Array())

const vectors = {
  'signals.json': { deviceSeed: hex(fill(2)), personDid: person.did, toDid: to.did, signals },
  'envelope.json': { recipientSeed: hex(fill(4)), recipientSealingSecret: hex(fill(5)), envelope: hex(envelope), block },
  'stream.json': { recipientSeed: hex(fill(4)), recipientSealingSecret: hex(fill(5)), introduction: hex(introduction), hello: hex(hello), frame: hex(frame), block },
  'topics.json': { topics: [person.did, device.did, to.did].map(did => ({ did, topic: inboxTopic(did) })) }
}
for (const [name, value] of Object.entries(vectors)) {
  await writeFile(new URL(`vectors/v1/${name}`, import.meta.url), `${JSON.stringify(value, undefined, 2)}\n`, { flag: 'wx' })
}
