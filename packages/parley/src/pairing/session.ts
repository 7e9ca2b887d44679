import { InvalidBytesError, StoppedError, createEmitter, type Clock, type Logger } from '@parley/core'
import type { PairingSecrets, ShortAuthentication } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { pairingFrameCodec } from './frames.ts'
import { startPairing, stepPairing, type PairingInput, type PairingOutput, type PairingState, type PairingTerms } from './pairing-machine.ts'
import type { PairingEvents, PairingPeer, PairingSession, PairingStatus } from './types.ts'

/** How long the existing device has to close the stream once the new one said that it keeps everything. */
const FAREWELL_MS = 5_000
/** How often a pairing past its time looks whether it can end. */
const OVERTIME_MS = 10_000

/** What one side does when everybody agreed. */
export type PairingWork<Result> =
  | { side: 'existing', issue(secrets: PairingSecrets): Promise<{ welcome: Uint8Array, result: Result }> }
  | { side: 'new', open(secrets: PairingSecrets, welcome: Uint8Array): Promise<Result> }

interface Components { clock: Clock, logger: Logger }

/** Runs the machine of one side over streams that may break and come again. */
export interface SessionShell<Result> {
  readonly session: Promise<PairingSession<Result>>
  /** Aborts when the pairing is over. */
  readonly over: AbortSignal
  /** Speaks over a stream until it ends; a stream that was there before is dropped. */
  attach(stream: FrameStream): Promise<void>
  /** Nobody at the other end speaks of this pairing any more. */
  gone(): void
  refuse(reason: string): void
}

/** Creates one side's session; `dialAgain` is called when a stream has to be opened anew. */
export function createSessionShell<Result> ({ clock, logger }: Components, terms: PairingTerms, peer: PairingPeer, { expiresInMs, work, dialAgain }: { expiresInMs: number, work: PairingWork<Result>, dialAgain(): void }): SessionShell<Result> {
  const events = createEmitter<PairingEvents>(logger)
  const session = Promise.withResolvers<PairingSession<Result>>()
  const done = Promise.withResolvers<Result>()
  // Whoever does not wait for one of them must not end the process by it.
  session.promise.catch(() => {})
  done.promise.catch(() => {})
  const ended = new AbortController()
  let state: PairingState = startPairing
  let status: PairingStatus = 'comparing'
  let stream: FrameStream | undefined
  let sending: Promise<void> = Promise.resolve()
  let result: { value: Result } | undefined
  const cancels = new Set<() => void>()

  const apply = (input: PairingInput): void => {
    const step = stepPairing(terms, state, input)
    state = step.state
    for (const output of step.outputs) perform(output)
    tellStatus()
  }
  const perform = (output: PairingOutput): void => {
    switch (output.type) {
      case 'send': return send(output.bytes)
      case 'compare': return session.resolve(createSession(output.sas))
      case 'issue': return run(async () => {
        if (work.side !== 'existing') return
        const issued = await work.issue(output.secrets)
        result = { value: issued.result }
        apply({ type: 'issued', welcome: issued.welcome })
      })
      case 'open': return run(async () => {
        if (work.side !== 'new') return
        result = { value: await work.open(output.secrets, output.welcome) }
        apply({ type: 'kept' })
        timer(() => { apply({ type: 'farewell' }) }, FAREWELL_MS)
      })
      case 'done':
        logger.info('a device was paired', { device: terms.peer, side: terms.side })
        if (result !== undefined) done.resolve(result.value)
        return
      case 'failed':
        logger.info('a pairing came to nothing', { device: terms.peer, side: terms.side, error: output.error })
        session.reject(output.error)
        return done.reject(output.error)
      case 'bad-frame':
        logger.warn('a pairing stream was ended', { device: terms.peer, reason: output.reason })
        return stream?.abort(new InvalidBytesError(pairingFrameCodec.what, output.reason))
      case 'dial-again': return dialAgain()
      case 'hang-up': return hangUp()
    }
  }
  const createSession = (sas: ShortAuthentication): PairingSession<Result> => ({
    side: terms.side,
    sas,
    peer,
    done: done.promise,
    on: events.on.bind(events),
    get state () { return status },
    confirm () { apply({ type: 'confirm' }) },
    refuse (reason = 'its people said no') { apply({ type: 'refuse', reason }) }
  })
  const tellStatus = (): void => {
    const next = statusOf(state)
    if (next === status) return
    status = next
    events.emit('state', status)
  }
  const send = (bytes: Uint8Array): void => {
    const to = stream
    // A stream that breaks is seen by whoever reads it, and what was said comes again on the next.
    sending = sending.then(async () => { await to?.send(bytes) }).catch(() => {})
  }
  const hangUp = (): void => {
    const last = stream
    for (const cancel of cancels) cancel()
    sending = sending.then(async () => { await last?.close() }).catch(() => {})
    void sending.then(() => { ended.abort() })
  }
  const run = (work: () => Promise<void>): void => {
    work().catch((error: unknown) => { apply({ type: 'broke', error: error as Error }) })
  }
  const timer = (callback: () => void, delayMs: number): void => {
    const cancel = clock.setTimer(() => {
      cancels.delete(cancel)
      callback()
    }, delayMs)
    cancels.add(cancel)
  }
  const expire = (): void => {
    apply({ type: 'expired' })
    if (state.phase !== 'done' && state.phase !== 'failed') timer(expire, OVERTIME_MS)
  }
  timer(expire, expiresInMs)

  return {
    session: session.promise,
    over: ended.signal,
    gone () { apply({ type: 'gone' }) },
    refuse (reason) { apply({ type: 'refuse', reason }) },
    async attach (next) {
      const before = stream
      stream = next
      before?.abort(new StoppedError('The pairing stream before this one'))
      apply({ type: 'attached' })
      const isClean = await read(next)
      if (stream !== next) return
      stream = undefined
      await sending
      apply({ type: 'detached', isClean })
      await next.close()
    }
  }

  /** Takes in frames until the stream ends, and tells whether it did so cleanly. */
  async function read (from: FrameStream): Promise<boolean> {
    try {
      for await (const bytes of from) {
        if (stream !== from) return false
        apply({ type: 'frame', frame: pairingFrameCodec.decode(bytes), bytes })
      }
      return true
    } catch (error) {
      logger.debug('a pairing stream broke', { device: terms.peer, error })
      from.abort(error as Error)
      return false
    }
  }
}

function statusOf (state: PairingState): PairingStatus {
  switch (state.phase) {
    case 'meeting': return 'comparing'
    case 'comparing': return state.ours ? 'waiting' : 'comparing'
    case 'issuing':
    case 'delivering':
    case 'expecting':
    case 'opening':
      return 'delivering'
    case 'leaving': return state.told ? 'done' : 'delivering'
    case 'done': return 'done'
    case 'failed': return 'failed'
  }
}
