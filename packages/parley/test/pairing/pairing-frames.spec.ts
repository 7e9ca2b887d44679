import { decode } from '@ipld/dag-cbor'
import { createDeviceKeys, createPairingSecrets, peerIdFromDid } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { fromString } from 'uint8arrays'
import { pairingFrameCodec, refusalFrame, welcomeCodec, type PairingFrame } from '../../src/pairing/frames.ts'
import { judgeHello } from '../../src/pairing/judge-hello.ts'
import { createSide, termsOf } from './machine-world.ts'
import { SECRETS, WELCOME, buildFrameVectors } from './pairing-vectors.ts'
import { keysOf } from './support.ts'

type Vectors = Awaited<ReturnType<typeof buildFrameVectors>>
const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/pairing.json', import.meta.url), 'utf8')) as Vectors
const hex = (text: string): Uint8Array => fromString(text, 'hex')
const KINDS = ['hello', 'answer', 'reveal', 'confirmNew', 'confirmExisting', 'welcome', 'done', 'refuse'] as const

function nameOf (run: () => unknown): string {
  try {
    run()
    return 'no error'
  } catch (error) {
    return (error as Error).name
  }
}

describe('the frozen frames of a pairing', () => {
  it('are what this code still writes, but for the welcome, whose sealing is random, and its receipt', async () => {
    const fixed = (vectors: Vectors): unknown => vectors.map(({ welcome: _welcome, done: _done, ...rest }) => rest)
    expect(fixed(await buildFrameVectors())).to.deep.equal(fixed(frozen))
  })

  it('are read alike by a reader that knows DAG-CBOR alone', () => {
    for (const vectors of frozen) {
      for (const kind of KINDS) expect(decode(hex(vectors[kind])), kind).to.deep.equal(pairingFrameCodec.decode(hex(vectors[kind])))
    }
  })

  it('give the words, the confirmations and the receipt', async () => {
    const phone = await createDeviceKeys({ seed: SECRETS.phone, sealingSecret: SECRETS.phoneSealing })
    for (const { code, hello, answer, reveal, transcript, sas, welcome, done } of frozen) {
      const secrets = createPairingSecrets({ token: SECRETS.token, code: hex(code), hello: hex(hello), answer: hex(answer), reveal: hex(reveal) })
      expect(secrets.transcript).to.deep.equal(hex(transcript))
      expect(secrets.sas).to.deep.equal(sas)
      expect(pairingFrameCodec.decode(hex(done))).to.deep.include({ type: 'done', mac: secrets.receipt(hex(welcome)) })
      const frame = pairingFrameCodec.decode(hex(welcome))
      if (frame.type !== 'welcome') throw new TypeError('it is the welcome')
      expect(welcomeCodec.decode(await phone.sealing.open('pair-welcome', frame, secrets.transcript))).to.deep.equal({ v: 1, ...WELCOME })
    }
  })
})

describe('altered frames, 10,000 of them', () => {
  it('are refused by name, or change nothing and end nothing well', async function () {
    this.timeout(60_000)
    const { shows, dials } = await termsOf(3, { shower: await keysOf(1), scanner: await keysOf(2), showsPerson: true, person: (await keysOf(1)).did })
    fc.assert(fc.property(fc.nat(1), fc.constantFrom(...KINDS), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom('alter', 'cut', 'drop', 'insert'), fc.boolean(), (which, kind, position, by, how, isMet) => {
      const bytes = hex(frozen[which]?.[kind] ?? '')
      const at = position % bytes.byteLength
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
      const parts = { alter: [head, [(tail[0] ?? 0) ^ by], tail.subarray(1)], cut: [head], drop: [head, tail.subarray(1)], insert: [head, [by], tail] }[how] ?? []
      const altered = Uint8Array.from(parts.flatMap(part => [...part]))
      let frame: PairingFrame
      try {
        frame = pairingFrameCodec.decode(altered)
      } catch (error) {
        expect((error as Error).name).to.be.oneOf(['InvalidBytesError', 'OversizedBytesError'])
        return
      }
      for (const terms of [shows, dials]) {
        const side = createSide(terms)
        side.take({ type: 'attached' })
        if (isMet) side.takeBytes(pairingFrameCodec.encode(terms.dials ? { v: 1, type: 'answer', nonce: new Uint8Array(shows.nonce) } : { v: 1, type: 'reveal', nonce: new Uint8Array(dials.nonce) }))
        side.take({ type: 'confirm' })
        side.take({ type: 'frame', frame, bytes: altered })
        expect([side.count('issue'), side.count('open'), side.count('done')]).to.deep.equal([0, 0, 0])
      }
    }), { numRuns: 10_000, seed: 9 })
  })

  it('are refused by size before they are read', () => {
    expect(nameOf(() => pairingFrameCodec.decode(new Uint8Array(pairingFrameCodec.maxBytes + 1)))).to.equal('OversizedBytesError')
    expect(nameOf(() => welcomeCodec.encode({ v: 1, card: new Uint8Array(1), welcome: new Uint8Array(64 * 1024 + 1) }))).to.equal('InvalidBytesError')
  })

  it('hold the largest card and welcome there may be', () => {
    const plaintext = welcomeCodec.encode({ v: 1, card: new Uint8Array(64 * 1024), welcome: new Uint8Array(64 * 1024) })
    const ct = new Uint8Array(plaintext.byteLength + 16)
    expect(pairingFrameCodec.encode({ v: 1, type: 'welcome', enc: new Uint8Array(32), ct }).byteLength).to.be.at.most(pairingFrameCodec.maxBytes)
  })
})

describe('a refusal', () => {
  it('says nothing that could not be shown', () => {
    expect(pairingFrameCodec.decode(refusalFrame('refused', 'no\n\u001b[31m'))).to.deep.include({ detail: '' })
    expect(pairingFrameCodec.decode(refusalFrame('refused', 'x'.repeat(257)))).to.deep.include({ detail: '' })
    expect(nameOf(() => pairingFrameCodec.encode({ v: 1, type: 'refuse', reason: 'refused', detail: 'a\u202eb' }))).to.equal('InvalidBytesError')
  })
})

describe('a device that shows a code, when somebody dials', () => {
  it('takes the first that read it, that one again, and nobody else', async () => {
    const [shower, scanner, thief] = [await keysOf(1), await keysOf(2), await keysOf(3)]
    const init = { shower, showsPerson: true, person: shower.did }
    const { code, shows } = await termsOf(1, { ...init, scanner })
    const peer = peerIdFromDid(scanner.did)
    const said = { frame: pairingFrameCodec.decode(shows.hello), bytes: shows.hello, peer, now: 2000 }
    expect(judgeHello({ code, isOver: false }, said)).to.deep.include({ type: 'take' })
    expect(judgeHello({ code, isOver: false, taken: shows.hello }, said)).to.deep.equal({ type: 'again' })
    expect(judgeHello({ code, isOver: true, taken: shows.hello }, said)).to.deep.equal({ type: 'refuse', reason: 'spent' })
    expect(judgeHello({ code, isOver: false }, { ...said, now: code.expires })).to.deep.equal({ type: 'refuse', reason: 'expired' })
    // A hello that was recorded, replayed by somebody else.
    expect(judgeHello({ code, isOver: false, taken: shows.hello }, { ...said, peer: peerIdFromDid(thief.did) })).to.deep.equal({ type: 'refuse', reason: 'unproven' })
    // The code as it was shown another time, with another token.
    const other = await termsOf(2, { ...init, scanner })
    expect(judgeHello({ code: other.code, isOver: false }, said)).to.deep.equal({ type: 'refuse', reason: 'spent' })
    // The same hello with another proof.
    if (said.frame.type !== 'hello') throw new TypeError('it begins with a hello')
    expect(judgeHello({ code, isOver: false }, { ...said, frame: { ...said.frame, proof: new Uint8Array(32) } })).to.deep.equal({ type: 'refuse', reason: 'unproven' })
    expect(judgeHello({ code, isOver: false }, { ...said, frame: { ...said.frame, name: 'Another phone' } })).to.deep.equal({ type: 'refuse', reason: 'unproven' })
    const second = await termsOf(1, { ...init, scanner: thief })
    expect(judgeHello({ code, isOver: false, taken: shows.hello }, { frame: pairingFrameCodec.decode(second.shows.hello), bytes: second.shows.hello, peer: peerIdFromDid(thief.did), now: 2000 })).to.deep.equal({ type: 'refuse', reason: 'busy' })
  })
})
