import { StreamClosedError, type FrameStream } from '@parley/network'
import type { Timeline } from './timeline.ts'

/** A stream between two replicas, as the network sees it. */
export interface StreamPair {
  readonly ends: readonly [FrameStream, FrameStream]
  /** Breaks it: what is on its way is lost. */
  cut(): void
}

export interface StreamPairInit {
  peers: [string, string]
  protocol: string
  /** How long the next frame takes. */
  latencyMs: () => number
  /** Breaks when this many frames arrived; never where it is undefined. */
  breaksAfter: number | undefined
}

/** Creates a stream whose frames arrive in order, each after a while, until it breaks. */
export function createStreamPair (timeline: Timeline, { peers: [a, b], protocol, latencyMs, breaksAfter = Infinity }: StreamPairInit): StreamPair {
  let arrived = 0
  const cut = (): void => { for (const end of ends) end.break() }
  const arrive = (): boolean => {
    if (++arrived > breaksAfter) cut()
    return arrived <= breaksAfter
  }
  const ends: [End, End] = [new End(timeline, b, protocol, latencyMs, arrive), new End(timeline, a, protocol, latencyMs, arrive)]
  ends[0].other = ends[1]
  ends[1].other = ends[0]
  return { ends, cut }
}

class End implements FrameStream {
  readonly peer: string
  readonly protocol: string
  other: End | undefined
  readonly #timeline: Timeline
  readonly #latencyMs: () => number
  readonly #arrive: () => boolean
  readonly #ending = new AbortController()
  /** What came, the end of it as undefined. */
  #arrived: Array<Uint8Array | undefined> = []
  #wake: (() => void) | undefined
  #lastAt = 0
  #isBroken = false
  #isClosed = false

  constructor (timeline: Timeline, peer: string, protocol: string, latencyMs: () => number, arrive: () => boolean) {
    this.#timeline = timeline
    this.peer = peer
    this.protocol = protocol
    this.#latencyMs = latencyMs
    this.#arrive = arrive
  }

  get signal (): AbortSignal { return this.#ending.signal }

  async send (frame: Uint8Array): Promise<void> {
    if (this.#isBroken || this.#isClosed) throw new StreamClosedError(this.protocol, 'it broke')
    this.#deliver(frame.slice())
  }

  async receive ({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<Uint8Array | undefined> {
    while (this.#arrived.length === 0) {
      signal?.throwIfAborted()
      if (this.#isBroken) throw new StreamClosedError(this.protocol, 'it broke')
      await new Promise<void>(resolve => {
        this.#wake = resolve
        signal?.addEventListener('abort', () => { resolve() }, { once: true })
      })
    }
    return this.#arrived[0] === undefined ? undefined : this.#arrived.shift()
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {
    for (let frame = await this.receive(); frame !== undefined; frame = await this.receive()) yield frame
  }

  async close (): Promise<void> {
    if (this.#isBroken || this.#isClosed) return
    this.#isClosed = true
    this.#deliver(undefined)
  }

  abort (): void {
    this.break()
    this.#timeline.after(this.#latencyMs(), () => { this.other?.break() })
  }

  break (): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#ending.abort()
    this.#wake?.()
  }

  #deliver (frame: Uint8Array | undefined): void {
    this.#lastAt = Math.max(this.#lastAt, this.#timeline.now() + this.#latencyMs())
    this.#timeline.after(this.#lastAt - this.#timeline.now(), () => {
      const { other } = this
      if (other === undefined || other.#isBroken || this.#isBroken || !this.#arrive()) return
      other.#arrived.push(frame)
      other.#wake?.()
    })
  }
}
