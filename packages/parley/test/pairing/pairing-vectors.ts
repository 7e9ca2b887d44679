import { sha256 } from '@parley/core'
import { createDeviceKeys, createPairingCode, createPairingSecrets, createSealedSender, pairingCommitment } from '@parley/identity'
import { toString } from 'uint8arrays'
import { pairingFrameCodec, refusalFrame, welcomeCodec } from '../../src/pairing/frames.ts'
import { helloOf } from '../../src/pairing/own-side.ts'
import { encodeHello } from './machine-world.ts'

export const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')
const repeated = (byte: number, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)

export const SECRETS = { laptop: repeated(2), laptopSealing: repeated(3), phone: repeated(4), phoneSealing: repeated(5), token: repeated(8, 16), dialNonce: repeated(6), showNonce: repeated(7) }
/** What is sealed in the welcome; any bytes serve where the card would be. */
export const WELCOME = { card: Uint8Array.of(1, 2, 3), welcome: Uint8Array.of(4, 5) }

/** Every frame of a pairing by each kind of code, from fixed secrets; hex. */
export async function buildFrameVectors () {
  const laptop = await createDeviceKeys({ seed: SECRETS.laptop, sealingSecret: SECRETS.laptopSealing })
  const phone = await createDeviceKeys({ seed: SECRETS.phone, sealingSecret: SECRETS.phoneSealing })
  const common = { addresses: ['/ip4/192.0.2.1/tcp/4001'], token: SECRETS.token, issued: 1_700_000_000_000, expires: 1_700_000_600_000 }
  const there = { side: 'existing' as const, name: 'Laptop', platform: 'linux', person: laptop.did }
  const joining = { side: 'new' as const, name: 'Phone', platform: 'android', roles: ['endpoint' as const, 'listener' as const], capabilities: ['voice'] }
  const pairings = [
    { code: await createPairingCode(laptop, { ...common, ...there }), scanner: joining, keys: phone },
    { code: await createPairingCode(phone, { ...common, ...joining }), scanner: there, keys: laptop }
  ]
  return await Promise.all(pairings.map(async ({ code, scanner, keys }) => {
    const hello = encodeHello(helloOf(scanner, { keys, code: sha256(code.bytes), commitment: pairingCommitment(SECRETS.dialNonce) }), code)
    const answer = pairingFrameCodec.encode({ v: 1, type: 'answer', nonce: SECRETS.showNonce })
    const reveal = pairingFrameCodec.encode({ v: 1, type: 'reveal', nonce: SECRETS.dialNonce })
    const secrets = createPairingSecrets({ token: code.token, code: code.bytes, hello, answer, reveal })
    const sender = await createSealedSender(phone.sealing.publicKey, 'pair-welcome')
    const ct = await sender.seal(welcomeCodec.encode({ v: 1, ...WELCOME }), secrets.transcript)
    const welcome = pairingFrameCodec.encode({ v: 1, type: 'welcome', enc: new Uint8Array(sender.enc), ct })
    return {
      shownBy: code.side,
      code: hex(code.bytes),
      hello: hex(hello),
      answer: hex(answer),
      reveal: hex(reveal),
      transcript: hex(secrets.transcript),
      sas: secrets.sas,
      confirmNew: hex(pairingFrameCodec.encode({ v: 1, type: 'confirm', mac: secrets.confirmation('new') })),
      confirmExisting: hex(pairingFrameCodec.encode({ v: 1, type: 'confirm', mac: secrets.confirmation('existing') })),
      welcome: hex(welcome),
      done: hex(pairingFrameCodec.encode({ v: 1, type: 'done', mac: secrets.receipt(welcome) })),
      refuse: hex(refusalFrame('refused', 'the words differ'))
    }
  }))
}
