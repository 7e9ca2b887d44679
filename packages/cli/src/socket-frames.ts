import type { Socket } from 'node:net'

/** What two processes on one machine say about one command; a line of JSON each. */
export type SocketFrame =
  | { type: 'run', argv: string[], cwd: string, env: Record<string, string>, stdinIsTerminal: boolean, stderrIsTerminal: boolean, columns: number }
  | { type: 'stdin', data: string }
  | { type: 'stdin-end' }
  | { type: 'want-stdin' }
  | { type: 'interrupt' }
  | { type: 'out', data: string }
  | { type: 'err', text: string }
  | { type: 'exit', code: number }

/** A line longer than this is no frame of ours. */
const MAX_LINE_CHARS = 1 << 20

export function sendFrame (socket: Socket, frame: SocketFrame): void {
  if (!socket.destroyed) socket.write(JSON.stringify(frame) + '\n')
}

/** Yields the frames of a socket; a line that is none ends the connection. */
export async function * readFrames (socket: Socket): AsyncGenerator<SocketFrame> {
  let rest = ''
  socket.setEncoding('utf8')
  for await (const chunk of socket as AsyncIterable<string>) {
    rest += chunk
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 1)
      yield JSON.parse(line) as SocketFrame
    }
    if (rest.length > MAX_LINE_CHARS) return
  }
}
