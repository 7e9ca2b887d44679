import { createSystemClock } from '@parley/core'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { EXIT, type Io } from './io.ts'
import { readFrames, sendFrame, type SocketFrame } from './socket-frames.ts'

/** Runs a command line in this process on behalf of another. */
export type RunCommand = (argv: string[], io: Io) => Promise<number>

/** Lets other commands of the same user run in this process while it owns the device's store. */
export async function openOwnerSocket (path: string, run: RunCommand): Promise<{ close(): Promise<void> }> {
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => { socket.destroy() })
    serve(socket, run).catch(() => { socket.destroy() })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  // Whoever may write here speaks with the person's voice; a pipe of Windows is its user's alone.
  if (process.platform !== 'win32') await chmod(path, 0o600)
  return {
    async close () {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
      await rm(path, { force: true })
    }
  }
}

async function serve (socket: Socket, run: RunCommand): Promise<void> {
  const frames = readFrames(socket)
  const first = await frames.next()
  if (first.done === true || first.value.type !== 'run') {
    socket.destroy()
    return
  }
  const controller = new AbortController()
  const stdin = createInput(() => { sendFrame(socket, { type: 'want-stdin' }) })
  socket.on('close', () => { controller.abort(new DOMException('The other process went away', 'AbortError')) })
  void (async () => {
    for await (const frame of frames) {
      if (frame.type === 'interrupt') controller.abort(new DOMException('Interrupted', 'AbortError'))
      else stdin.take(frame)
    }
  })().catch(() => { controller.abort() })
  const { argv, ...world } = first.value
  const code = await run(argv, {
    ...world,
    stdin: stdin.bytes,
    clock: createSystemClock(),
    signal: controller.signal,
    out (text) { sendFrame(socket, { type: 'out', data: Buffer.from(text).toString('base64') }) },
    err (text) { sendFrame(socket, { type: 'err', text }) }
  }).catch(() => EXIT.failed)
  sendFrame(socket, { type: 'exit', code })
  socket.end()
}

/** Standard input of the other process, asked for only when a command reads it. */
function createInput (want: () => void): { bytes: AsyncIterable<Uint8Array>, take(frame: SocketFrame): void } {
  const waiting: Array<Uint8Array | undefined> = []
  let wake: (() => void) | undefined
  const push = (chunk: Uint8Array | undefined): void => {
    waiting.push(chunk)
    wake?.()
  }
  return {
    take (frame) {
      if (frame.type === 'stdin') push(Buffer.from(frame.data, 'base64'))
      if (frame.type === 'stdin-end') push(undefined)
    },
    bytes: {
      async * [Symbol.asyncIterator] () {
        want()
        for (;;) {
          while (waiting.length === 0) await new Promise<void>(resolve => { wake = resolve })
          const chunk = waiting.shift()
          if (chunk === undefined) return
          yield chunk
        }
      }
    }
  }
}
