import { TimeoutError, withTimeout } from '@parley/core'
import { PAIRING_NONCE_BYTES, createPairingCode, pairingUrl } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { workOf } from './work-of-side.ts'
import { PairingRefusedError } from './errors.ts'
import { PAIRING_PROTOCOL, pairingFrameCodec, refusalFrame, type Hello } from './frames.ts'
import { judgeHello, type OpenCode } from './judge-hello.ts'
import { ownSide } from './own-side.ts'
import { peerOfHello } from './peer.ts'
import { createSessionShell, type SessionShell } from './session.ts'
import type { AddedDevice, ExistingSide, JoinedPerson, NewSide, OfferPairingOptions, PairingComponents, PairingOffer, PairingSession } from './types.ts'

const DEFAULT_LIFETIME_MS = 10 * 60 * 1000
const HELLO_TIMEOUT_MS = 10_000
/** One stream that broke without our noticing, the next, and room for a mistake. */
const MAX_STREAMS_PER_PEER = 4

type Result = AddedDevice | JoinedPerson

/**
 * Shows a pairing code and serves the first device that read it.
 *
 * @throws {NotAdminError} existing side: this device may not change the device list
 */
export async function offerPairing (components: PairingComponents, ours: NewSide, options?: OfferPairingOptions): Promise<PairingOffer<JoinedPerson>>
export async function offerPairing (components: PairingComponents, ours: ExistingSide, options?: OfferPairingOptions): Promise<PairingOffer<AddedDevice>>
export async function offerPairing (components: PairingComponents, ours: NewSide | ExistingSide, { lifetimeMs = DEFAULT_LIFETIME_MS, signal }: OfferPairingOptions = {}): Promise<PairingOffer<Result>> {
  signal?.throwIfAborted()
  const { network, keys, clock, random, logger } = components
  const own = await ownSide(components, ours)
  const issued = Math.floor(clock.now())
  const code = await createPairingCode(keys, { ...own, addresses: network.addresses().slice(0, 16), token: random(16), issued, expires: issued + lifetimeMs })
  const nonce = random(PAIRING_NONCE_BYTES)
  const waiting = Promise.withResolvers<PairingSession<Result>>()
  waiting.promise.catch(() => {})
  const open: OpenCode = { code, isOver: false }
  let shell: SessionShell<Result> | undefined

  const begin = (hello: Hello, bytes: Uint8Array): SessionShell<Result> => {
    const peer = peerOfHello(hello)
    const terms = { side: ours.side, dials: false, token: code.token, code: code.bytes, hello: bytes, commitment: hello.commitment, nonce, peer: peer.device, lifetimeMs }
    const begun = createSessionShell({ clock, logger }, terms, peer, { expiresInMs: code.expires - clock.now(), work: workOf(components, ours, own, peer), dialAgain () {} })
    begun.over.addEventListener('abort', () => { void end() })
    begun.session.then(waiting.resolve, waiting.reject)
    logger.info('devices are being paired', { device: peer.device, side: ours.side })
    return begun
  }
  const take = async (stream: FrameStream): Promise<void> => {
    const bytes = await withTimeout(stream.receive(), 'The first word of a pairing', HELLO_TIMEOUT_MS, clock)
    if (bytes === undefined) return
    const verdict = judgeHello(open, { frame: pairingFrameCodec.decode(bytes), bytes, peer: stream.peer, now: clock.now() })
    if (verdict.type === 'refuse') {
      logger.warn('a pairing was refused', { peer: stream.peer, reason: verdict.reason })
      await stream.send(refusalFrame(verdict.reason))
      return
    }
    if (verdict.type === 'take') {
      open.taken = bytes
      shell = begin(verdict.hello, bytes)
    }
    await shell?.attach(stream)
  }
  const unhandle = await network.handle(PAIRING_PROTOCOL, take, { maxFrameBytes: pairingFrameCodec.maxBytes, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  const end = async (): Promise<void> => {
    if (open.isOver) return
    open.isOver = true
    cancelTimer()
    signal?.removeEventListener('abort', onAbort)
    await unhandle()
  }
  const cancel = async (reason = 'it was cancelled'): Promise<void> => {
    waiting.reject(new PairingRefusedError('us', reason))
    shell?.refuse(reason)
    // What was agreed may be on its way to the other device's disk: that ends by itself.
    if (shell === undefined) await end()
  }
  const onAbort = (): void => { void cancel() }
  signal?.addEventListener('abort', onAbort, { once: true })
  const cancelTimer = clock.setTimer(() => {
    if (shell !== undefined) return
    waiting.reject(new TimeoutError('Waiting for a device to be paired', lifetimeMs))
    void end()
  }, lifetimeMs)
  logger.info('a pairing code is open', { side: ours.side, expires: code.expires })
  return { url: pairingUrl(code), expires: code.expires, waiting: waiting.promise, cancel: async () => { await cancel() } }
}
