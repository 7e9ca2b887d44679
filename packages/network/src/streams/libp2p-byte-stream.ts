import type { Stream, StreamCloseEvent } from '@libp2p/interface'
import type { ByteStream } from './frame-stream.ts'

/** Adapts a libp2p stream. */
export function fromLibp2pStream (stream: Stream): ByteStream {
  return {
    send (bytes) {
      // Its answer asks to wait for room; credit already bounds what can queue up in it.
      stream.send(bytes)
    },
    drained: () => new Promise(resolve => {
      if (stream.writeBufferLength === 0 || stream.status !== 'open') {
        resolve()
        return
      }
      stream.addEventListener('idle', () => { resolve() }, { once: true })
      stream.addEventListener('close', () => { resolve() }, { once: true })
    }),
    closeWrite: async () => { await stream.close() },
    abort (error) { stream.abort(error) },
    listen ({ onBytes, onRemoteEnd, onBroken }) {
      const over = ({ error }: { error?: Error | undefined } = {}): void => {
        onBroken(stream.status === 'reset' ? 'the other end reset it' : 'the connection is gone', error)
      }
      stream.addEventListener('message', ({ data }) => { onBytes(data) })
      stream.addEventListener('remoteCloseWrite', onRemoteEnd)
      stream.addEventListener('close', (event: StreamCloseEvent) => { over(event) })
      // What ended before we listened tells nobody again; bytes that came before are delivered in a microtask first.
      queueMicrotask(() => {
        if (stream.remoteWriteStatus === 'closed') queueMicrotask(onRemoteEnd)
        if (stream.status !== 'open' && stream.status !== 'closing') queueMicrotask(over)
      })
    }
  }
}
