import { readFile } from 'node:fs/promises'
import { createDeviceKeys, createSigner, splitSigned, verifySigned } from '@parley/identity'
import { expect } from 'chai'
import { fromString, toString } from 'uint8arrays'
import { inboxTopic, openEnvelope, signalCodec } from '../src/index.ts'
import { STREAM_PURPOSE, helloCodec, introductionCodec } from '../src/stream-hello.ts'

const read = async (name: string): Promise<never> => JSON.parse(await readFile(new URL(`vectors/v1/${name}`, import.meta.url), 'utf8')) as never
const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(fromString(hex, 'hex'))

describe('the frozen vectors of version 1', () => {
  it('has signals that decode, verify, and encode to the same bytes', async () => {
    const { deviceSeed, signals } = await read('signals.json') as { deviceSeed: string, signals: Array<{ type: string, body: string, block: string }> }
    const { publicKey } = await createSigner(bytes(deviceSeed))
    expect(new Set(signals.map(({ type }) => type)).size).to.equal(7)
    for (const { type, body, block } of signals) {
      const signal = signalCodec.decode(bytes(body))
      expect(signal.type).to.equal(type)
      expect(toString(signalCodec.encode(signal), 'hex')).to.equal(body)
      expect(toString(splitSigned('signal', bytes(block)).body, 'hex')).to.equal(body)
      expect(toString(await verifySigned('signal', 'signal', publicKey, bytes(block)), 'hex')).to.equal(body)
    }
  })

  it('has an envelope that opens', async () => {
    const { recipientSeed, recipientSealingSecret, envelope, block } = await read('envelope.json') as Record<string, string>
    const device = await createDeviceKeys({ seed: bytes(recipientSeed ?? ''), sealingSecret: bytes(recipientSealingSecret ?? '') })
    expect(toString(await openEnvelope(device, bytes(envelope ?? '')) ?? new Uint8Array(), 'hex')).to.equal(block)
  })

  it('has a stream whose hello and first frame open', async () => {
    const { recipientSeed, recipientSealingSecret, introduction, hello, frame, block } = await read('stream.json') as Record<string, string>
    const device = await createDeviceKeys({ seed: bytes(recipientSeed ?? ''), sealingSecret: bytes(recipientSealingSecret ?? '') })
    const { enc, ct } = helloCodec.decode(bytes(hello ?? ''))
    const receiver = await device.sealing.receive(STREAM_PURPOSE, enc)
    const opened = await receiver.open(ct, new Uint8Array())
    expect(toString(opened, 'hex')).to.equal(introduction)
    expect(introductionCodec.decode(opened).now).to.equal(1_700_000_000_000)
    expect(toString(await receiver.open(bytes(frame ?? ''), new Uint8Array()), 'hex')).to.equal(block)
  })

  it('has the inbox topics of persons', async () => {
    const { topics } = await read('topics.json') as { topics: Array<{ did: string, topic: string }> }
    for (const { did, topic } of topics) expect(inboxTopic(did)).to.equal(topic)
  })
})
