import { InvalidBytesError, OversizedBytesError, TimeoutError, type AbortOptions, type Clock, type Logger } from '@parley/core'
import type { Uint8ArrayList } from 'uint8arraylist'
import { StreamClosedError } from '../errors.ts'
import type { FrameStream } from '../network.ts'
import { initialCredit, stepCredit, type CreditInput } from './credit-machine.ts'
import { createRecordParser, encodeRecord, type FrameRecord } from './frame-records.ts'
import { createTickWriter } from './tick-writer.ts'
import { createWaiting } from './waiting.ts'

/** The bytes under a frame stream: two one-way flows that end apart, or break together. */
export interface ByteStream {
  /** Takes bytes for sending; credit bounds how much can be queued in it. */
  send(bytes: Uint8ArrayList): void
  /** Resolves once what was given to `send` has left. */
  drained(): Promise<void>
  /** Ends our direction. */
  closeWrite(): Promise<void>
  /** Breaks both directions. */
  abort(error: Error): void
  /** Starts the flow towards us; called once. */
  listen(listener: ByteListener): void
}

export interface ByteListener {
  onBytes(bytes: Uint8Array | Uint8ArrayList): void
  /** The other end sends nothing more. */
  onRemoteEnd(): void
  /** Both directions are over. */
  onBroken(reason: string, cause?: Error): void
}

export interface FrameStreamComponents {
  clock: Clock
  logger: Logger
}

export interface FrameStreamInit {
  peer: string
  protocol: string
  maxFrameBytes: number
}

/** How long a stream that we closed, and that nobody reads, waits for the other end to close. */
const LINGER_MS = 30_000

/** How long an aborted stream waits for the other end to read why. */
const TELL_MS = 1_000

/** Carries whole frames with credit over a stream of bytes. */
export function createFrameStream (bytes: ByteStream, components: FrameStreamComponents, init: FrameStreamInit): FrameStream {
  return new CreditedStream(bytes, components, init)
}

class CreditedStream implements FrameStream {
  readonly peer: string
  readonly protocol: string
  readonly #bytes: ByteStream
  readonly #components: FrameStreamComponents
  readonly #maxFrameBytes: number
  readonly #writer = createTickWriter(bytes => { this.#send(bytes) })
  readonly #readers = createWaiting<undefined, Uint8Array | undefined>()
  readonly #writers = createWaiting<FrameRecord, undefined>()
  #credit = initialCredit
  #arrived: Uint8Array[] = []
  #next = 0
  /** Our direction: closing once `close` was called, ended once the end was written. */
  #local: 'open' | 'closing' | 'ended' = 'open'
  #remoteEnded = false
  /** Why nothing more can be sent or received; set once. */
  #over: Error | undefined
  #controller: AbortController | undefined
  #stopLinger: (() => void) | undefined
  #readsSinceLinger = 0

  constructor (bytes: ByteStream, components: FrameStreamComponents, { peer, protocol, maxFrameBytes }: FrameStreamInit) {
    this.peer = peer
    this.protocol = protocol
    this.#bytes = bytes
    this.#components = components
    this.#maxFrameBytes = maxFrameBytes
    const parser = createRecordParser({ maxFrameBytes })
    bytes.listen({
      onBytes: chunk => {
        if (this.#over !== undefined) return
        try {
          for (const record of parser.push(chunk)) this.#onRecord(record)
        } catch (error) {
          this.#refuse(error as Error)
        }
      },
      onRemoteEnd: () => {
        if (this.#remoteEnded || this.#over !== undefined) return
        this.#break(this.#closed(parser.midRecord ? 'it was cut off in the middle of a frame' : 'the other end stopped without closing it'))
      },
      onBroken: (reason, cause) => {
        this.#stopLinger?.()
        this.#finish(this.#closed(reason, cause))
      }
    })
  }

  get signal (): AbortSignal {
    // Most streams are never asked for it.
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#over !== undefined) this.#controller.abort(this.#over)
    }
    return this.#controller.signal
  }

  send (frame: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    if (frame.byteLength > this.#maxFrameBytes) return Promise.reject(new OversizedBytesError('frame', frame.byteLength, this.#maxFrameBytes))
    const ended = this.#notWritable()
    if (ended !== undefined) return Promise.reject(ended)
    const record: FrameRecord = { type: 'data', frame }
    if (this.#credit.sendable <= 0 || this.#writers.size > 0) return this.#writers.wait(record, signal)
    this.#write(record)
    return Promise.resolve()
  }

  receive ({ signal }: AbortOptions = {}): Promise<Uint8Array | undefined> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    const frame = this.#arrived[this.#next]
    if (frame !== undefined) {
      this.#next++
      if (this.#next === this.#arrived.length) {
        this.#arrived = []
        this.#next = 0
      }
      this.#taken(frame)
      return Promise.resolve(frame)
    }
    if (this.#remoteEnded) return Promise.resolve(undefined)
    if (this.#over !== undefined) return Promise.reject(this.#over)
    return this.#readers.wait(undefined, signal)
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const frame = await this.receive()
      if (frame === undefined) return
      yield frame
    }
  }

  async close (): Promise<void> {
    if (this.#local !== 'open' || this.#over !== undefined) return
    this.#local = 'closing'
    this.#linger()
    try {
      // Frames that wait for credit were sent before: the end comes after them.
      if (this.#writers.size > 0) await this.#writers.wait({ type: 'end' }, undefined)
      else this.#write({ type: 'end' })
      this.#writer.flush()
      await this.#bytes.drained()
    } catch (error) {
      this.#components.logger.debug('a stream broke while it was being closed', { protocol: this.protocol, error })
    }
  }

  abort (error: Error): void {
    if (this.#over !== undefined) return
    this.#arrived = []
    this.#next = 0
    this.#remoteEnded = false
    this.#tellAndBreak(error.name, this.#closed('it was aborted here', error))
  }

  #onRecord (record: FrameRecord): void {
    switch (record.type) {
      case 'data':
        if (this.#remoteEnded) throw new InvalidBytesError('frame', 'it came after the end')
        this.#account({ type: 'arrived', frameBytes: record.frame.byteLength })
        if (this.#readers.resolveNext(record.frame)) this.#taken(record.frame)
        else this.#arrived.push(record.frame)
        break
      case 'credit':
        this.#account({ type: 'granted', sizeBytes: record.sizeBytes })
        this.#serveWriters()
        break
      case 'end':
        if (this.#remoteEnded) throw new InvalidBytesError('frame', 'it came after the end')
        this.#remoteEnded = true
        while (this.#readers.resolveNext(undefined));
        this.#finishWhenDone()
        break
      case 'abort':
        this.#break(this.#closed(`the other end aborted it with ${record.errorName}`))
    }
  }

  #account (input: CreditInput): void {
    const { state, grantBytes } = stepCredit(this.#credit, input)
    this.#credit = state
    if (grantBytes > 0 && this.#over === undefined) this.#writer.write(encodeRecord({ type: 'credit', sizeBytes: grantBytes }))
  }

  #taken (frame: Uint8Array): void {
    this.#readsSinceLinger++
    // Nobody waits for credit once the other end has said its last.
    if (!this.#remoteEnded) this.#account({ type: 'taken', frameBytes: frame.byteLength })
  }

  #write (record: FrameRecord): void {
    if (record.type === 'data') this.#account({ type: 'sent', frameBytes: record.frame.byteLength })
    this.#writer.write(encodeRecord(record))
    if (record.type !== 'end') return
    this.#local = 'ended'
    this.#finishWhenDone()
  }

  /** Writes, at once and in order, what waited for credit: a later caller must not get ahead. */
  #serveWriters (): void {
    for (let record = this.#writers.first(); record !== undefined; record = this.#writers.first()) {
      if (record.type === 'data' && this.#credit.sendable <= 0) return
      this.#write(record)
      this.#writers.resolveNext(undefined)
    }
  }

  #notWritable (): Error | undefined {
    if (this.#over !== undefined) return this.#over instanceof StreamClosedError ? this.#over : this.#closed('the other end broke its rules', this.#over)
    return this.#local === 'open' ? undefined : this.#closed('it was closed here')
  }

  /** Ends the stream because of what the other end sent. */
  #refuse (error: Error): void {
    this.#components.logger.warn('a peer broke the rules of a stream', { protocol: this.protocol, peer: this.peer, error: error.name, reason: error.message })
    this.#tellAndBreak(error.name, error)
  }

  /** What is gathered goes out when nobody waits for it: a stream that ended meanwhile breaks this one, and nothing else. */
  #send (bytes: Uint8ArrayList): void {
    try {
      this.#bytes.send(bytes)
    } catch (error) {
      this.#break(this.#closed('it ended before all of it was written', error as Error))
    }
  }

  #break (error: Error): void {
    this.#finish(error)
    this.#bytes.abort(error)
  }

  /** A reset could overtake the reason: our direction is closed in order, and the rest when the other end knows or a moment has passed. */
  #tellAndBreak (errorName: string, error: Error): void {
    this.#writer.write(encodeRecord({ type: 'abort', errorName }))
    this.#writer.flush()
    this.#finish(error)
    this.#stopLinger = this.#components.clock.setTimer(() => { this.#bytes.abort(error) }, TELL_MS)
    this.#closeWrite()
  }

  #finishWhenDone (): void {
    if (!this.#remoteEnded || this.#local !== 'ended') return
    this.#writer.flush()
    this.#finish(this.#closed('it was closed'))
    // Credit may follow our end, so our direction stays open until the other end has ended too.
    this.#closeWrite()
  }

  #closeWrite (): void {
    this.#bytes.closeWrite().catch((error: unknown) => {
      this.#components.logger.debug('a stream broke while it was being closed', { protocol: this.protocol, error })
    })
  }

  #finish (reason: Error): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#stopLinger?.()
    this.#writer.discard()
    this.#readers.rejectAll(reason)
    this.#writers.rejectAll(this.#notWritable() ?? reason)
    this.#controller?.abort(reason)
  }

  /** Aborts a stream that we closed when the other end neither closes nor is read from. */
  #linger (): void {
    this.#readsSinceLinger = 0
    this.#stopLinger = this.#components.clock.setTimer(() => {
      if (this.#over !== undefined) return
      if (this.#readers.size > 0 || this.#readsSinceLinger > 0) this.#linger()
      else this.#break(this.#closed('the other end did not close it', new TimeoutError('Closing a stream', LINGER_MS)))
    }, LINGER_MS)
  }

  #closed (reason: string, cause?: Error): StreamClosedError {
    return new StreamClosedError(this.protocol, reason, { cause })
  }
}
