import { createSeededRandom, sha256 } from '@parley/core'
import { createPairingCode, pairingCommitment, pairingProof, type DeviceKeys, type PairingCode } from '@parley/identity'
import { helloBodyCodec, pairingFrameCodec, type HelloBody } from '../../src/pairing/frames.ts'
import { helloOf, type OwnSide } from '../../src/pairing/own-side.ts'
import { startPairing, stepPairing, type PairingInput, type PairingOutput, type PairingState, type PairingTerms } from '../../src/pairing/pairing-machine.ts'

export const LIFETIME_MS = 600_000

/** Encodes a hello with the proof that `code` was read. */
export function encodeHello (body: HelloBody, code: Pick<PairingCode, 'token' | 'bytes'>): Uint8Array {
  return pairingFrameCodec.encode({ ...body, proof: pairingProof({ token: code.token, code: code.bytes, hello: helloBodyCodec.encode(body) }) })
}

/** What both sides hold when the existing device shows a code, or the new one does. */
export async function termsOf (seed: number, { shower, scanner, showsPerson, person }: { shower: DeviceKeys, scanner: DeviceKeys, showsPerson: boolean, person: string }): Promise<{ code: PairingCode, shows: PairingTerms, dials: PairingTerms }> {
  const random = createSeededRandom(seed)
  const joining: OwnSide = { side: 'new', name: 'Phone', platform: 'android', roles: ['endpoint'], capabilities: [] }
  const there: OwnSide = { side: 'existing', name: 'Laptop', platform: 'linux', person }
  const code = await createPairingCode(shower, { ...showsPerson ? there : joining, addresses: [], token: random(16), issued: 1000, expires: 1000 + LIFETIME_MS })
  const nonce = random(32)
  const commitment = pairingCommitment(nonce)
  const hello = encodeHello(helloOf(showsPerson ? joining : there, { keys: scanner, code: sha256(code.bytes), commitment }), code)
  const common = { token: code.token, code: code.bytes, hello, commitment, lifetimeMs: LIFETIME_MS }
  return {
    code,
    dials: { ...common, side: showsPerson ? 'new' : 'existing', dials: true, nonce, peer: shower.did },
    shows: { ...common, side: showsPerson ? 'existing' : 'new', dials: false, nonce: random(32), peer: scanner.did }
  }
}

/** One side's machine, and everything it put out. */
export interface Side {
  readonly terms: PairingTerms
  state: PairingState
  readonly outputs: PairingOutput[]
  /** Takes an input in and returns the frames to send. */
  take(input: PairingInput): Uint8Array[]
  takeBytes(bytes: Uint8Array): Uint8Array[]
  count(type: PairingOutput['type']): number
}

export function createSide (terms: PairingTerms): Side {
  const side: Side = {
    terms,
    state: startPairing,
    outputs: [],
    take (input) {
      const step = stepPairing(terms, side.state, input)
      side.state = step.state
      side.outputs.push(...step.outputs)
      return step.outputs.flatMap(output => output.type === 'send' ? [output.bytes] : [])
    },
    takeBytes: bytes => side.take({ type: 'frame', frame: pairingFrameCodec.decode(bytes), bytes }),
    count: type => side.outputs.filter(output => output.type === type).length
  }
  return side
}
