import { InvalidArgumentError } from '@parley/core'
import { type FrameStream, type Network, PeerUnreachableError, StreamClosedError } from '@parley/network'
import { setImmediate as nextTurn } from 'node:timers/promises'

type Handler = (stream: FrameStream) => Promise<void>
type Node = Pick<Network, 'open' | 'handle'>

/** Streams between peers of one process, with a say in every frame. */
export interface Loopback {
  join(peer: string): Node
  /** Decides about each frame before it is delivered; `cut` breaks its stream at both ends. */
  fate: (frame: Uint8Array, from: string) => 'deliver' | 'cut'
  /** Frames sent so far, by sender. */
  readonly sent: Array<{ from: string, frame: Uint8Array }>
  isDown: boolean
  /** Breaks every open stream. */
  cutAll(): void
}

export function createLoopback (): Loopback {
  const handlers = new Map<string, Handler>()
  const open = new Set<Pipe>()
  const loopback: Loopback = {
    fate: () => 'deliver',
    sent: [],
    isDown: false,
    cutAll () { for (const pipe of open) pipe.cut() },
    join: peer => ({
      async open (target, protocol) {
        await nextTurn()
        const handler = handlers.get(`${target.peer}${protocol}`)
        if (handler === undefined || loopback.isDown) throw unreachable(target.peer)
        const pipe = new Pipe(loopback, protocol, peer, target.peer)
        open.add(pipe)
        void handler(pipe.b).then(async () => { await pipe.b.close() }, (error: Error) => { pipe.b.abort(error) })
        return pipe.a
      },
      async handle (protocol, handler) {
        handlers.set(`${peer}${protocol}`, handler)
        return async () => { handlers.delete(`${peer}${protocol}`) }
      }
    })
  }
  return loopback
}

function unreachable (peer: string): PeerUnreachableError {
  return new PeerUnreachableError(peer, [])
}

class End implements FrameStream {
  readonly queue: Uint8Array[] = []
  readonly #controller = new AbortController()
  readonly signal = this.#controller.signal
  readonly peer: string
  readonly protocol: string
  readonly #pipe: Pipe
  readonly #self: string
  isClosed = false
  isCut = false
  #wake: Array<() => void> = []

  constructor (pipe: Pipe, protocol: string, self: string, peer: string) {
    this.#pipe = pipe
    this.#self = self
    this.peer = peer
    this.protocol = protocol
  }

  async send (frame: Uint8Array): Promise<void> {
    if (this.isCut || this.isClosed) throw new StreamClosedError(this.protocol, 'it was cut')
    const { loopback } = this.#pipe
    loopback.sent.push({ from: this.#self, frame })
    if (loopback.fate(frame, this.#self) === 'cut') {
      this.#pipe.cut()
      return
    }
    await nextTurn()
    const other = this.#pipe.other(this)
    other.queue.push(frame.slice())
    other.wake()
  }

  async receive ({ signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted()
      if (this.isCut) throw new StreamClosedError(this.protocol, 'it was cut')
      const frame = this.queue.shift()
      if (frame !== undefined) return frame
      if (this.#pipe.other(this).isClosed) {
        this.#controller.abort()
        return undefined
      }
      await new Promise<void>(resolve => {
        this.#wake.push(resolve)
        signal?.addEventListener('abort', () => { resolve() }, { once: true })
      })
    }
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {
    for (let frame = await this.receive(); frame !== undefined; frame = await this.receive()) yield frame
  }

  async close (): Promise<void> {
    this.isClosed = true
    this.#pipe.other(this).wake()
    if (this.#pipe.other(this).isClosed) this.#controller.abort()
  }

  abort (_error: Error): void {
    this.#pipe.cut()
  }

  cut (): void {
    this.isCut = true
    this.#controller.abort()
    this.wake()
  }

  wake (): void {
    for (const resolve of this.#wake.splice(0)) resolve()
  }
}

class Pipe {
  readonly a: End
  readonly b: End
  readonly loopback: Loopback

  constructor (loopback: Loopback, protocol: string, from: string, to: string) {
    if (from === to) throw new InvalidArgumentError('a peer does not dial itself')
    this.loopback = loopback
    this.a = new End(this, protocol, from, to)
    this.b = new End(this, protocol, to, from)
  }

  other (end: End): End {
    return end === this.a ? this.b : this.a
  }

  cut (): void {
    this.a.cut()
    this.b.cut()
  }
}
