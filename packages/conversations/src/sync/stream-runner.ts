import { TimeoutError, withTimeout, type AbortOptions, type Clock, type Codec, type Logger } from '@parley/core'

/** The part of a direct stream that a runner uses. */
export interface FrameChannel {
  readonly peer: string
  readonly protocol: string
  send(frame: Uint8Array, options?: AbortOptions): Promise<void>
  receive(options?: AbortOptions): Promise<Uint8Array | undefined>
  close(): Promise<void>
  abort(error: Error): void
}

/** The outputs that every machine on a stream has. */
export type StreamOutput<Frame> =
  | { type: 'send', frame: Frame }
  | { type: 'end' }
  | { type: 'fail', error: Error }
  /** The peer ended the stream and said why. */
  | { type: 'refused', error: Error }
  /** The peer went away before it was time. */
  | { type: 'interrupted' }

export interface RunnerInit<State, Input, Output, Frame> {
  state: State
  step: (state: State, input: Input) => { state: State, outputs: (Output | StreamOutput<Frame>)[] }
  /** How long the peer may be silent in this state; undefined when it owes nothing. */
  patienceMs: (state: State) => number | undefined
  codec: Codec<Frame>
  onFrame: (frame: Frame) => Input
  closed: Input
  /** Does what the machine decided; may dispatch again, now or later. */
  perform: (output: Output) => void
  /** The last frame of a stream that ends for cause. */
  refuse: (error: Error) => Frame
  /** The error of a stream that broke, with what broke it as its cause. */
  interrupted: (state: State, cause: unknown) => Error
}

/** A machine at work on a stream. */
export interface StreamRunner<State, Input> {
  dispatch(input: Input): void
  /** Ends the stream for a reason of ours, which the peer is told. */
  fail(error: Error): void
  /** Reads frames until the machine has ended; resolves with its last state. */
  run(options?: AbortOptions): Promise<State>
}

interface Outcome {
  error?: Error
  /** Whether the peer hears why; what it refused needs no answer, and after a break nobody would hear it. */
  tell?: boolean
}

/** A peer that does not even take our last words is cut off after this time. */
const FAREWELL_TIMEOUT_MS = 2_000

const OWN_OUTPUTS = new Set(['send', 'end', 'fail', 'refused', 'interrupted'])

/**
 * Creates the shell of a stream machine: decodes frames into inputs, sends in
 * the order decided, keeps the machine's patience, and ends the stream once.
 */
export function createStreamRunner<State, Input, Output extends { type: string }, Frame> (components: { stream: FrameChannel, clock: Clock, logger: Logger }, init: RunnerInit<State, Input, Output, Frame>): StreamRunner<State, Input> {
  const { stream, clock, logger } = components
  let state = init.state
  let outcome: Outcome | undefined
  let sending: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined
  const ended = Promise.withResolvers<void>()
  // Stops the reading of a stream that we end ourselves.
  const reading = new AbortController()

  const settle = (result: Outcome): void => {
    if (outcome !== undefined) return
    outcome = result
    cancelTimer?.()
    ended.resolve()
    reading.abort()
  }
  const broke = (cause: unknown): void => { settle({ error: init.interrupted(state, cause), tell: false }) }
  const send = (frame: Frame): void => {
    const bytes = init.codec.encode(frame)
    // An idle stream takes the frame in this very turn: that is the latency of a live sync.
    const sent = sending === undefined ? stream.send(bytes) : sending.then(async () => { await stream.send(bytes) })
    sending = sent
    sent.then(() => { if (sending === sent) sending = undefined }, broke)
  }
  const rearm = (): void => {
    cancelTimer?.()
    const waitMs = outcome === undefined ? init.patienceMs(state) : undefined
    cancelTimer = waitMs === undefined ? undefined : clock.setTimer(() => { fail(new TimeoutError(`The next frame of ${stream.peer} on ${stream.protocol}`, waitMs)) }, waitMs)
  }
  const farewell = async (frame?: Frame): Promise<void> => {
    try {
      await withTimeout((async () => {
        await sending
        if (frame !== undefined) await stream.send(init.codec.encode(frame))
        await stream.close()
      })(), 'Closing a stream', FAREWELL_TIMEOUT_MS, clock)
    } catch (error) {
      logger.debug('a stream could not be closed in good order', { peer: stream.peer, error })
      stream.abort(error as Error)
    }
  }
  const fail = (error: Error): void => { settle({ error, tell: true }) }
  const perform = (output: Output | StreamOutput<Frame>): void => {
    if (!isOwn<Frame>(output)) {
      init.perform(output)
    } else if (output.type === 'send') {
      send(output.frame)
    } else if (output.type === 'end') {
      settle({})
    } else if (output.type === 'fail') {
      fail(output.error)
    } else if (output.type === 'refused') {
      settle({ error: output.error, tell: false })
    } else {
      broke(undefined)
    }
  }
  const dispatch = (input: Input): void => {
    if (outcome !== undefined) return
    const { state: next, outputs } = init.step(state, input)
    state = next
    for (const output of outputs) perform(output)
    rearm()
  }
  const read = async (): Promise<void> => {
    while (outcome === undefined) {
      const bytes = await stream.receive({ signal: reading.signal })
      if (bytes === undefined) {
        dispatch(init.closed)
        return
      }
      dispatch(init.onFrame(init.codec.decode(bytes)))
    }
  }
  return {
    dispatch,
    fail,
    async run ({ signal } = {}) {
      const abort = (): void => { settle({ error: signal?.reason as Error, tell: false }) }
      if (signal?.aborted === true) abort()
      signal?.addEventListener('abort', abort, { once: true })
      rearm()
      read().catch((error: unknown) => {
        if (outcome !== undefined) return
        const name = (error as Error).name
        if (name === 'InvalidBytesError' || name === 'OversizedBytesError' || name === 'ProtocolViolationError') {
          logger.warn('a peer sent a bad frame', { peer: stream.peer, protocol: stream.protocol, error })
          fail(error as Error)
        } else {
          broke(error)
        }
      })
      await ended.promise
      signal?.removeEventListener('abort', abort)
      const { error, tell = false } = outcome ?? {}
      await farewell(tell && error !== undefined ? init.refuse(error) : undefined)
      if (error !== undefined) throw error
      return state
    }
  }
}

function isOwn<Frame> (output: { type: string }): output is StreamOutput<Frame> {
  return OWN_OUTPUTS.has(output.type)
}
