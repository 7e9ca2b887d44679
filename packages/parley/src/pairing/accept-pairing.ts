import { raceSignal, sha256, type AbortOptions } from '@parley/core'
import { ExpiredCardError, PAIRING_NONCE_BYTES, pairingCommitment, pairingProof, parsePairingUrl, peerIdFromDid } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { workOf } from './work-of-side.ts'
import { PairingMismatchError, SpentCodeError } from './errors.ts'
import { PAIRING_PROTOCOL, helloBodyCodec, pairingFrameCodec } from './frames.ts'
import { helloOf, ownSide } from './own-side.ts'
import { peerOfCode } from './peer.ts'
import { createSessionShell } from './session.ts'
import type { AddedDevice, ExistingSide, JoinedPerson, NewSide, PairingComponents, PairingSession } from './types.ts'

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 8_000

/**
 * Dials the device whose code was read, and returns what the people compare.
 * `signal` ends the wait for it; afterwards use `refuse`.
 *
 * @throws {InvalidUrlError | InvalidBytesError | InvalidSignatureError} it is no code, or was altered
 * @throws {ExpiredCardError} the code is past its time
 * @throws {PeerUnreachableError} the device that shows it cannot be dialled
 * @throws {SpentCodeError} it was used, or is not waited for any more
 * @throws {PairingBusyError} another device is using it
 * @throws {PairingMismatchError} both are new devices, or both existing ones, or something was altered
 * @throws {NotAdminError} existing side: this device may not change the device list
 */
export async function acceptPairing (components: PairingComponents, url: string, ours: NewSide, options?: AbortOptions): Promise<PairingSession<JoinedPerson>>
export async function acceptPairing (components: PairingComponents, url: string, ours: ExistingSide, options?: AbortOptions): Promise<PairingSession<AddedDevice>>
export async function acceptPairing (components: PairingComponents, url: string, ours: NewSide | ExistingSide, { signal }: AbortOptions = {}): Promise<PairingSession<AddedDevice | JoinedPerson>> {
  const { network, keys, clock, random, logger } = components
  const code = await parsePairingUrl(url)
  const lifetimeMs = code.expires - code.issued
  const expiresInMs = code.expires - clock.now()
  if (expiresInMs <= 0) throw new ExpiredCardError('pairing code', code.expires)
  if (code.side === ours.side) throw new PairingMismatchError(code.side === 'new' ? 'both devices are new' : 'both devices have a person')
  if (code.device === keys.did) throw new PairingMismatchError('the code is shown by this device itself')
  const own = await ownSide(components, ours)
  const nonce = random(PAIRING_NONCE_BYTES)
  const commitment = pairingCommitment(nonce)
  const body = helloOf(own, { keys, code: sha256(code.bytes), commitment })
  const hello = pairingFrameCodec.encode({ ...body, proof: pairingProof({ token: code.token, code: code.bytes, hello: helloBodyCodec.encode(body) }) })
  const target = { peer: peerIdFromDid(code.device), addresses: code.addresses }
  let met = false
  const dial = async (): Promise<FrameStream> => await network.open(target, PAIRING_PROTOCOL, { maxFrameBytes: pairingFrameCodec.maxBytes, signal: met ? undefined : signal })
  let pauseMs = FIRST_PAUSE_MS

  const peer = peerOfCode(code)
  const terms = { side: ours.side, dials: true, token: code.token, code: code.bytes, hello, commitment, nonce, peer: peer.device, lifetimeMs }
  const first = await dial().catch((error: unknown) => { throw toSpent(error) })
  const shell = createSessionShell({ clock, logger }, terms, peer, { expiresInMs: Math.min(expiresInMs, lifetimeMs), work: workOf(components, ours, own, peer), dialAgain })
  void shell.attach(first)
  try {
    const session = await raceSignal(shell.session, signal)
    met = true
    return session
  } catch (error) {
    shell.refuse('it was given up')
    throw error
  }

  /** The stream broke: the same hello goes over the next, and everything goes on where it was. */
  function dialAgain (): void {
    const cancel = clock.setTimer(() => {
      shell.over.removeEventListener('abort', cancel)
      if (shell.over.aborted) return
      dial().then(async stream => {
        if (shell.over.aborted) return stream.close()
        await shell.attach(stream)
      }, (error: unknown) => {
        if (toSpent(error) instanceof SpentCodeError || (error as Error).name === 'StoppedError') return shell.gone()
        logger.debug('the other device of a pairing is not there', { device: peer.device, error })
        dialAgain()
      }).catch((error: unknown) => { logger.warn('a pairing stream failed', { device: peer.device, error }) })
    }, pauseMs)
    shell.over.addEventListener('abort', cancel, { once: true })
    pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
  }
}

/** A device that shows no code any more does not speak the protocol. */
function toSpent (error: unknown): unknown {
  return (error as Error).name === 'UnsupportedProtocolError' ? new SpentCodeError() : error
}
