import { createDeviceKeys, createPairingCode, createPairingSecrets, createSigner, pairingCommitment, pairingProof, pairingUrl, safetyNumber, verificationUrl } from '@parley/identity'
import { toString } from 'uint8arrays'

const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')
const repeated = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)

/** What of pairing and of safety numbers has bytes or words, from fixed secrets; hex unless it is text. */
export async function buildPairingVectors () {
  const [person, other] = [await createSigner(repeated(1)), await createSigner(repeated(9))]
  const laptop = await createDeviceKeys({ seed: repeated(2), sealingSecret: repeated(3) })
  const phone = await createDeviceKeys({ seed: repeated(4), sealingSecret: repeated(5) })
  const common = { addresses: ['/ip4/192.0.2.1/tcp/4001'], token: repeated(8, 16), issued: 1_700_000_000_000, expires: 1_700_000_600_000 }
  const codes = [
    await createPairingCode(laptop, { ...common, side: 'existing', name: 'Laptop', platform: 'linux', person: person.did }),
    await createPairingCode(phone, { ...common, side: 'new', name: 'Phone', platform: 'android', roles: ['endpoint', 'listener'], capabilities: ['voice'] })
  ]
  const [code] = codes
  if (code === undefined) throw new TypeError('there are two codes')
  // Any bytes serve for the frames: what is in them is the pairing protocol's.
  const frames = { hello: Uint8Array.of(1), answer: Uint8Array.of(2), reveal: Uint8Array.of(3) }
  const secrets = createPairingSecrets({ token: code.token, code: code.bytes, ...frames })
  return {
    codes: codes.map(({ side, bytes, ...rest }) => ({ side, block: hex(bytes), url: pairingUrl({ ...rest, bytes }) })),
    commitment: { nonce: hex(repeated(6)), commitment: hex(pairingCommitment(repeated(6))) },
    proof: { code: 0, hello: hex(frames.hello), proof: hex(pairingProof({ token: code.token, code: code.bytes, hello: frames.hello })) },
    secrets: {
      code: 0,
      hello: hex(frames.hello),
      answer: hex(frames.answer),
      reveal: hex(frames.reveal),
      transcript: hex(secrets.transcript),
      sas: secrets.sas,
      confirmNew: hex(secrets.confirmation('new')),
      confirmExisting: hex(secrets.confirmation('existing')),
      receipt: { welcome: hex(Uint8Array.of(4)), mac: hex(secrets.receipt(Uint8Array.of(4))) }
    },
    safetyNumber: { people: [person.did, other.did], ...safetyNumber(person.did, other.did) },
    verification: { person: person.did, contact: other.did, url: verificationUrl({ person: person.did, contact: other.did }) }
  }
}
