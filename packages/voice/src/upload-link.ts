import type { CancelTimer, Clock, Logger, RandomBytes } from '@parley/core'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import { type RequestFrame, type VoiceReply, decodeReply, encodeRequest } from './frames.ts'
import { MAX_FRAME_BYTES, VOICE_PROTOCOL, inWords } from './limits.ts'
import type { UploadInput } from './upload-machine.ts'

interface LinkComponents {
  network: Pick<Network, 'open'>
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** The stream of an upload: opened again and again, one at a time, and turned into the machine's inputs. */
export class UploadLink {
  readonly #components: LinkComponents
  readonly #init: { target: PeerTarget, answerTimeoutMs: number, input: (input: UploadInput) => void }
  /** Aborts everything that belongs to the attempt or stream of now. */
  #current = new AbortController()
  #stream: FrameStream | undefined
  #sending: Promise<void> = Promise.resolve()
  #cancelTimer: CancelTimer | undefined
  #isOwed = false
  #heardAt = 0

  constructor (components: LinkComponents, init: { target: PeerTarget, answerTimeoutMs: number, input: (input: UploadInput) => void }) {
    this.#components = components
    this.#init = init
  }

  /** Opens a stream after a while. */
  connect (delayMs: number): void {
    const attempt = this.#current
    this.#cancelTimer = this.#components.clock.setTimer(() => { void this.#run(attempt) }, delayMs)
  }

  /** Sends frames one after the other; those of a stream that is gone are forgotten. */
  send (frame: () => Promise<RequestFrame>): void {
    const attempt = this.#current
    const stream = this.#stream
    this.#sending = this.#sending.then(async () => {
      if (attempt.signal.aborted || stream === undefined) return
      await stream.send(encodeRequest(await frame()), { signal: attempt.signal })
    }).catch((error: unknown) => { this.#broke(attempt, error) })
  }

  /** Says whether the keeper has something to answer. */
  owed (isOwed: boolean): void {
    if (isOwed && !this.#isOwed) this.#heardAt = this.#components.clock.monotonicNow()
    this.#isOwed = isOwed
  }

  /** Ends the stream or attempt of now. */
  hangUp (): void {
    this.#cancelTimer?.()
    const stream = this.#stream
    this.#stream = undefined
    this.#current.abort()
    this.#current = new AbortController()
    // Nothing is on its way that matters: what counts was acknowledged.
    if (stream !== undefined) stream.close().catch(() => {})
  }

  stop (): void {
    this.hangUp()
  }

  async #run (attempt: AbortController): Promise<void> {
    try {
      const stream = await this.#components.network.open(this.#init.target, VOICE_PROTOCOL, { signal: attempt.signal, maxFrameBytes: MAX_FRAME_BYTES })
      if (attempt.signal.aborted) {
        stream.abort(attempt.signal.reason as Error)
        return
      }
      this.#stream = stream
      this.#heardAt = this.#components.clock.monotonicNow()
      this.#watch(attempt, stream)
      this.#init.input({ type: 'connected' })
      await this.#read(attempt, stream)
      this.#broke(attempt, undefined)
    } catch (error) {
      this.#broke(attempt, error)
    }
  }

  async #read (attempt: AbortController, stream: FrameStream): Promise<void> {
    while (!attempt.signal.aborted) {
      const bytes = await stream.receive({ signal: attempt.signal })
      if (bytes === undefined || attempt.signal.aborted) return
      this.#heardAt = this.#components.clock.monotonicNow()
      this.#take(decodeReply(bytes))
    }
  }

  #take (reply: VoiceReply): void {
    switch (reply.type) {
      case 'opened': this.#init.input({ type: 'opened', next: reply.next, state: reply.state }); return
      case 'refused': this.#init.input({ ...reply, ...this.#now() }); return
      case 'ack':
      case 'paused':
      case 'resumed':
      case 'closed': this.#init.input(reply); return
      default: this.#components.logger.warn('a keeper sent a frame that has no place in an upload', { type: reply.type })
    }
  }

  #broke (attempt: AbortController, error: unknown): void {
    if (attempt.signal.aborted) return
    const detail = error instanceof Error ? inWords(error.message) : 'the keeper closed the stream'
    this.#components.logger.debug('the stream of an upload broke', { detail })
    this.#stream?.abort(error instanceof Error ? error : new DOMException('The stream ended', 'AbortError'))
    this.#init.input({ type: 'broken', detail, ...this.#now() })
  }

  /** Gives a stream up when its keeper owes an answer and stays silent: a dead connection may take minutes to be noticed. */
  #watch (attempt: AbortController, stream: FrameStream): void {
    const { clock } = this.#components
    const { answerTimeoutMs } = this.#init
    let cancel: CancelTimer = () => {}
    const stop = (): void => { cancel() }
    attempt.signal.addEventListener('abort', stop, { once: true })
    stream.signal.addEventListener('abort', stop, { once: true })
    const arm = (delayMs: number): void => {
      cancel = clock.setTimer(() => {
        const leftMs = this.#isOwed ? this.#heardAt + answerTimeoutMs - clock.monotonicNow() : answerTimeoutMs
        if (leftMs > 0) arm(leftMs)
        else this.#broke(attempt, new DOMException(`The keeper said nothing for ${answerTimeoutMs} ms`, 'TimeoutError'))
      }, delayMs)
    }
    arm(answerTimeoutMs)
  }

  #now (): { at: number, jitter: number } {
    const [byte = 0] = this.#components.random(1)
    return { at: this.#components.clock.monotonicNow(), jitter: byte / 255 }
  }
}
