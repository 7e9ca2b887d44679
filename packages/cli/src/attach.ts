import { connect, type Socket } from 'node:net'
import { type Io } from './io.ts'
import { readFrames, sendFrame } from './socket-frames.ts'

/**
 * Runs a command in the process that owns the data folder, as if it ran here.
 * Returns its exit code, or undefined when no process owns the folder.
 *
 * A device has one writer (its chain of actions must not fork), so a second
 * command never opens the store itself.
 */
export async function runInOwner (socketPath: string, argv: string[], io: Io): Promise<number | undefined> {
  const socket = await connected(socketPath)
  if (socket === undefined) return undefined
  const interrupt = (): void => { sendFrame(socket, { type: 'interrupt' }) }
  io.signal.addEventListener('abort', interrupt)
  const environment = Object.fromEntries(Object.entries(io.env).filter((entry): entry is [string, string] => entry[1] !== undefined && /^(NO_COLOR|PARLEY_\w+|TERM)$/.test(entry[0])))
  sendFrame(socket, { type: 'run', argv, cwd: io.cwd, env: environment, stdinIsTerminal: io.stdinIsTerminal, stderrIsTerminal: io.stderrIsTerminal, columns: io.columns })
  try {
    for await (const frame of readFrames(socket)) {
      switch (frame.type) {
        case 'out': io.out(Buffer.from(frame.data, 'base64')); break
        case 'err': io.err(frame.text); break
        case 'want-stdin': void pumpStdin(socket, io); break
        case 'exit': return frame.code
        default: break
      }
    }
  } finally {
    io.signal.removeEventListener('abort', interrupt)
    socket.destroy()
  }
  io.err('parley: the process that owns this data folder went away before the command ended. Run it again.\n')
  return 1
}

async function connected (path: string): Promise<Socket | undefined> {
  return await new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => { resolve(socket) })
    // A socket file without a listener is left over from a process that was killed.
    socket.once('error', () => { resolve(undefined) })
  })
}

async function pumpStdin (socket: Socket, io: Io): Promise<void> {
  for await (const chunk of io.stdin) {
    sendFrame(socket, { type: 'stdin', data: Buffer.from(chunk).toString('base64') })
    if (socket.writableNeedDrain) await new Promise(resolve => { socket.once('drain', resolve).once('close', resolve) })
    if (socket.destroyed) return
  }
  sendFrame(socket, { type: 'stdin-end' })
}
