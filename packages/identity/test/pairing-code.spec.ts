import { decode } from '@ipld/dag-cbor'
import {
  createClaim, claimUrl, createPairingCode, createPairingSecrets, decodePairingCode, pairingCommitment, pairingProof, pairingUrl, parsePairingUrl, qrSvg, qrTerminal, signBlock, splitSigned, type PairingCode
} from '@parley/identity'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { expect } from 'chai'
import fc from 'fast-check'
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { concat, fromString, toString } from 'uint8arrays'
import { buildPairingVectors } from './support/pairing-vectors.ts'
import { HOUR, T0, deviceKeys, somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'
import { frozenVectors } from './support/vectors.ts'

const frozen = frozenVectors<Awaited<ReturnType<typeof buildPairingVectors>>>('pairing.json')
const hex = (text: string): Uint8Array => fromString(text, 'hex')
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const init = { name: 'Laptop', platform: 'linux', addresses: ['/ip4/127.0.0.1/tcp/4001'], token: new Uint8Array(16).fill(7), issued: T0, expires: T0 + 600_000 }

async function bothSides (): Promise<[PairingCode, PairingCode]> {
  const keys = await deviceKeys(40)
  const { person } = await somebody(1, 'Bob')
  return [
    await createPairingCode(keys, { ...init, side: 'new', roles: ['listener', 'endpoint', 'endpoint'], capabilities: ['voice', 'text'] }),
    await createPairingCode(keys, { ...init, side: 'existing', person: person.did })
  ]
}

describe('a pairing code', () => {
  it('says who shows it and what it is for', async () => {
    const [joining, existing] = await bothSides()
    expect(joining).to.deep.include({ ...init, side: 'new', roles: ['endpoint', 'listener'], capabilities: ['text', 'voice'], device: (await deviceKeys(40)).did })
    expect(existing).to.deep.include({ ...init, side: 'existing', person: (await somebody(1, 'Bob')).person.did })
    for (const code of [joining, existing]) expect(await parsePairingUrl(pairingUrl(code).toUpperCase())).to.deep.equal(code)
  })

  it('has room in a QR code', async () => {
    for (const code of await bothSides()) {
      expect(qrTerminal(pairingUrl(code))).to.include('█')
      expect(qrSvg(pairingUrl(code))).to.include('<svg')
    }
  })

  it('is refused by name when it is forged or something else', async () => {
    const keys = await deviceKeys(40)
    const mallory = await deviceKeys(41)
    for (const code of await bothSides()) {
      const { body } = splitSigned('pairing code', code.bytes)
      const forged = code.bytes.slice()
      forged.set(await mallory.signer.sign('pairing', body), code.bytes.byteLength - 64)
      expect(await nameOfError(async () => await decodePairingCode(forged))).to.equal('InvalidSignatureError')
      const fields = decode<Record<string, unknown>>(body)
      for (const change of [{ token: new Uint8Array(15) }, { expires: T0 }, { expires: T0 + HOUR + 1 }, { sealing: new Uint8Array(32) }, { v: 2 }, { name: 'two\nlines' }, { side: 'other' }, { extra: 1 }, { roles: [] }, { roles: ['proxy', 'admin'] }, { person: new Uint8Array(31) }]) {
        expect(await nameOfError(async () => await decodePairingCode(await signBlock(keys.signer, 'pairing', { ...fields, ...change }))), JSON.stringify(change)).to.equal('InvalidBytesError')
      }
      expect(await nameOfError(async () => await decodePairingCode(await signBlock(keys.signer, 'delegation', fields)))).to.equal('InvalidSignatureError')
    }
    const claim = await createClaim(keys, init)
    expect(await nameOfError(async () => await parsePairingUrl(claimUrl(claim)))).to.equal('InvalidUrlError')
    expect(await nameOfError(async () => await decodePairingCode(claim.bytes))).to.equal('InvalidBytesError')
    expect(await nameOfError(async () => await decodePairingCode(new Uint8Array(17 * 1024)))).to.equal('OversizedBytesError')
  })

  it('is refused by name when its bytes are altered, 10,000 times', async function () {
    this.timeout(120_000)
    for (const code of await bothSides()) {
      await fc.assert(fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom('alter', 'cut', 'drop', 'insert'), async (position, by, kind) => {
        const at = position % code.bytes.byteLength
        const [head, tail] = [code.bytes.subarray(0, at), code.bytes.subarray(at)]
        const altered = { alter: [head, [(tail[0] ?? 0) ^ by], tail.subarray(1)], cut: [head], drop: [head, tail.subarray(1)], insert: [head, [by], tail] }[kind] ?? []
        expect(await nameOfError(async () => await decodePairingCode(Uint8Array.from(altered.flatMap(part => [...part]))))).to.be.oneOf(['InvalidBytesError', 'InvalidSignatureError'])
      }), { numRuns: 5000, seed: 9 })
    }
  })
})

describe('the frozen vectors of pairing', () => {
  it('are what this code still writes', async () => {
    expect(await buildPairingVectors()).to.deep.equal(frozen)
  })

  it('of the codes decode, also for a reader that knows DAG-CBOR alone', async () => {
    for (const { side, block, url } of frozen.codes) {
      const code = await parsePairingUrl(url)
      expect(code).to.deep.equal(await decodePairingCode(hex(block)))
      const [fields] = decode<[Record<string, unknown>, Uint8Array]>(hex(block))
      expect(fields).to.deep.include({ v: 1, side, name: code.name, token: code.token })
    }
  })

  it('of what is derived agree with node:crypto', () => {
    const code = hex(frozen.codes[0]?.block ?? '')
    const token = new Uint8Array(16).fill(8)
    const sha = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(createHash('sha256').update(concat(parts)).digest())
    const derive = (salt: Uint8Array, info: string, length: number): Uint8Array => new Uint8Array(hkdfSync('sha256', token, salt, text(info), length))
    const none = new Uint8Array(0)
    expect(toString(sha(text('parley/1/pair-commitment'), Uint8Array.of(0), new Uint8Array(32).fill(6)), 'hex')).to.equal(frozen.commitment.commitment)
    expect(createHmac('sha256', derive(none, 'parley/1/pair-proof', 32)).update(concat([sha(code), Uint8Array.of(1)])).digest('hex')).to.equal(frozen.proof.proof)
    // A list of four byte strings: the code with a two-byte length, the frames of one byte each.
    const transcript = sha(Uint8Array.of(0x84, 0x59, code.byteLength >> 8, code.byteLength & 255), code, Uint8Array.of(0x41, 1, 0x41, 2, 0x41, 3))
    expect(toString(transcript, 'hex')).to.equal(frozen.secrets.transcript)
    const sas = derive(transcript, 'parley/1/pair-sas', 14)
    expect((new DataView(sas.buffer).getBigUint64(0) % 1_000_000n).toString().padStart(6, '0')).to.equal(frozen.secrets.sas.digits)
    const bits = [...sas.subarray(8)].map(byte => byte.toString(2).padStart(8, '0')).join('')
    expect([0, 11, 22, 33].map(at => wordlist[Number.parseInt(bits.slice(at, at + 11), 2)])).to.deep.equal(frozen.secrets.sas.words)
    expect(toString(derive(transcript, 'parley/1/pair-confirm-new', 32), 'hex')).to.equal(frozen.secrets.confirmNew)
    expect(toString(derive(transcript, 'parley/1/pair-confirm-existing', 32), 'hex')).to.equal(frozen.secrets.confirmExisting)
    expect(createHmac('sha256', derive(transcript, 'parley/1/pair-receipt', 32)).update(sha(Uint8Array.of(4))).digest('hex')).to.equal(frozen.secrets.receipt.mac)
  })
})

describe('what two devices derive', () => {
  it('differs when any part of what was said does', () => {
    const said = { token: new Uint8Array(16), code: Uint8Array.of(1, 2), hello: Uint8Array.of(3), answer: Uint8Array.of(4), reveal: Uint8Array.of(5) }
    const { transcript, sas } = createPairingSecrets(said)
    for (const change of [{ token: new Uint8Array(16).fill(1) }, { code: Uint8Array.of(1) }, { hello: Uint8Array.of(4) }, { answer: Uint8Array.of(3) }, { reveal: Uint8Array.of(6) }, { code: Uint8Array.of(1), hello: Uint8Array.of(2, 3) }]) {
      const other = createPairingSecrets({ ...said, ...change })
      expect(other.sas.digits === sas.digits && other.sas.words.join() === sas.words.join(), Object.keys(change).join()).to.equal(false)
      if (change.token === undefined) expect(other.transcript).to.not.deep.equal(transcript)
    }
    expect(pairingCommitment(new Uint8Array(32))).to.not.deep.equal(pairingCommitment(new Uint8Array(32).fill(1)))
    expect(pairingProof(said)).to.not.deep.equal(pairingProof({ ...said, token: new Uint8Array(16).fill(1) }))
  })
})
