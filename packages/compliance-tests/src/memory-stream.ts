import { raceSignal, OversizedBytesError, type AbortOptions } from '@parley/core'
import { StreamClosedError, type FrameStream } from '@parley/network'

/** Bytes that may lie unread at the other end before a writer waits. */
const WINDOW_BYTES = 1024 * 1024

/** Runs a delivery in its turn: later deliveries never overtake. */
export type Deliver = (delivery: () => void) => void

export interface MemoryStreamInit {
  protocol: string
  peer: string
  maxFrameBytes: number
  deliver: Deliver
}

/** One end of a stream in memory, with the manners of a real one. */
export interface MemoryStream extends FrameStream {
  /** Ends both directions as a lost connection does. */
  lose(reason: string): void
}

/** Creates both ends of a stream. */
export function createMemoryStreams (near: MemoryStreamInit, far: MemoryStreamInit): [MemoryStream, MemoryStream] {
  const nearEnd = new StreamEnd(near)
  const farEnd = new StreamEnd(far)
  nearEnd.other = farEnd
  farEnd.other = nearEnd
  return [nearEnd, farEnd]
}

class StreamEnd implements MemoryStream {
  readonly peer: string
  readonly protocol: string
  other: StreamEnd | undefined
  readonly #init: MemoryStreamInit
  readonly #controller = new AbortController()
  #arrived: Uint8Array[] = []
  #unread = 0
  #local: 'open' | 'closing' | 'ended' = 'open'
  #remoteEnded = false
  #over: Error | undefined
  #wake: (() => void)[] = []
  #sending: Promise<unknown> = Promise.resolve()
  #sendingCount = 0

  constructor (init: MemoryStreamInit) {
    this.peer = init.peer
    this.protocol = init.protocol
    this.#init = init
  }

  get signal (): AbortSignal { return this.#controller.signal }

  async send (frame: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    if (frame.byteLength > this.#init.maxFrameBytes) throw new OversizedBytesError('frame', frame.byteLength, this.#init.maxFrameBytes)
    if (this.#local !== 'open' || this.#over !== undefined) throw this.#over ?? this.#closed('it was closed here')
    const copy = frame.slice()
    if (this.#sendingCount === 0 && this.#mayWrite()) {
      this.#write(copy)
      return
    }
    await this.#inLine(async () => {
      await raceSignal(this.#until(() => this.#mayWrite() || this.#over !== undefined), signal)
      if (this.#over !== undefined) throw this.#over
      this.#write(copy)
    })
  }

  async receive ({ signal }: AbortOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted()
    await raceSignal(this.#until(() => this.#arrived.length > 0 || this.#remoteEnded || this.#over !== undefined), signal)
    const frame = this.#arrived.shift()
    if (frame !== undefined) {
      this.#unread -= frame.byteLength
      this.other?.wakeAll()
      return frame
    }
    if (this.#remoteEnded) return undefined
    throw this.#over ?? this.#closed('it was closed')
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {
    for (let frame = await this.receive(); frame !== undefined; frame = await this.receive()) yield frame
  }

  async close (): Promise<void> {
    if (this.#local !== 'open' || this.#over !== undefined) return
    this.#local = 'closing'
    await this.#inLine(async () => {
      const other = this.other
      this.#local = 'ended'
      this.#init.deliver(() => { other?.ended() })
      this.#finishWhenDone()
    }).catch(() => {})
  }

  abort (error: Error): void {
    if (this.#over !== undefined) return
    const other = this.other
    this.#arrived = []
    this.#remoteEnded = false
    this.#finish(this.#closed('it was aborted here', error))
    this.#init.deliver(() => { other?.lose(`the other end aborted it with ${error.name}`) })
  }

  lose (reason: string): void {
    this.#finish(this.#closed(reason))
  }

  take (frame: Uint8Array): void {
    if (this.#over !== undefined) return
    if (frame.byteLength > this.#init.maxFrameBytes) {
      const error = new OversizedBytesError('frame', frame.byteLength, this.#init.maxFrameBytes)
      this.other?.lose(`the other end aborted it with ${error.name}`)
      this.#finish(error)
      return
    }
    this.#arrived.push(frame)
    this.wakeAll()
  }

  ended (): void {
    if (this.#over !== undefined) return
    this.#remoteEnded = true
    this.wakeAll()
    this.#finishWhenDone()
  }

  wakeAll (): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  #mayWrite (): boolean { return (this.other?.unread() ?? 0) < WINDOW_BYTES }

  unread (): number { return this.#unread }

  #write (frame: Uint8Array): void {
    const other = this.other
    if (other === undefined) return
    other.#unread += frame.byteLength
    this.#init.deliver(() => { other.take(frame) })
  }

  async #inLine (work: () => Promise<void>): Promise<void> {
    this.#sendingCount++
    const turn = this.#sending.then(work)
    this.#sending = turn.catch(() => {})
    try {
      await turn
    } finally {
      this.#sendingCount--
    }
  }

  async #until (ready: () => boolean): Promise<void> {
    while (!ready()) await new Promise<void>(resolve => { this.#wake.push(resolve) })
  }

  #finishWhenDone (): void {
    if (this.#remoteEnded && this.#local === 'ended') this.#finish(this.#closed('it was closed'))
  }

  #finish (reason: Error): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.wakeAll()
    this.#controller.abort(reason)
  }

  #closed (reason: string, cause?: Error): StreamClosedError {
    return new StreamClosedError(this.protocol, reason, { cause })
  }
}
