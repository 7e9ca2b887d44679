import type { ByteListener, ByteStream } from '../../src/streams/frame-stream.ts'

/** Two ends of a stream of bytes in memory; `shape` may cut or damage what passes from the first to the second. */
export function createBytePipe (shape: (bytes: Uint8Array) => Uint8Array[] = bytes => [bytes]): [PipeEnd, PipeEnd] {
  const a = new PipeEnd(shape)
  const b = new PipeEnd(bytes => [bytes])
  a.other = b
  b.other = a
  return [a, b]
}

export class PipeEnd implements ByteStream {
  other: PipeEnd | undefined
  aborted: Error | undefined
  /** How often the stream handed bytes over. */
  sends = 0
  readonly #shape: (bytes: Uint8Array) => Uint8Array[]
  #listener: ByteListener | undefined
  #early: ((listener: ByteListener) => void)[] = []

  constructor (shape: (bytes: Uint8Array) => Uint8Array[]) {
    this.#shape = shape
  }

  send (bytes: { subarray(): Uint8Array }): void {
    this.sends++
    for (const chunk of this.#shape(bytes.subarray())) this.#later(listener => { listener.onBytes(chunk) })
  }

  async drained (): Promise<void> {}

  async closeWrite (): Promise<void> {
    this.#later(listener => { listener.onRemoteEnd() })
  }

  abort (error: Error): void {
    if (this.aborted !== undefined) return
    this.aborted = error
    this.#later(listener => { listener.onBroken('the other end reset it') })
  }

  listen (listener: ByteListener): void {
    this.#listener = listener
    for (const event of this.#early.splice(0)) event(listener)
  }

  #later (event: (listener: ByteListener) => void): void {
    const other = this.other
    queueMicrotask(() => {
      if (other === undefined) return
      if (other.#listener === undefined) other.#early.push(event)
      else event(other.#listener)
    })
  }
}
