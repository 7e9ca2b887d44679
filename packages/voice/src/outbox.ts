import type { FrameStream } from '@parley/network'
import { encodeReply } from './frames.ts'
import type { KeeperReply } from './keeper-machine.ts'

/** Replies on their way to one speaker. */
export interface Outbox {
  send(reply: KeeperReply): void
  /** Closes the stream once everything is out. */
  end(): void
}

/**
 * Creates an outbox that never grows: an acknowledgement replaces the one that
 * still waits, as it covers it, and so does what is told about the disk.
 * `done` is called when it ended and everything is out, or the stream broke.
 */
export function createOutbox (stream: FrameStream, done: () => void): Outbox {
  const waiting: KeeperReply[] = []
  let ending = false
  let running = false
  const run = async (): Promise<void> => {
    try {
      for (let reply = waiting.shift(); reply !== undefined; reply = waiting.shift()) await stream.send(encodeReply({ v: 1, ...reply }))
      running = false
      if (!ending) return
      await stream.close()
      done()
    } catch {
      // The stream broke; what was not told is told again when the speaker comes back.
      waiting.length = 0
      done()
    }
  }
  return {
    send (reply) {
      const twin = waiting.findIndex(other => other.type === reply.type)
      if (twin !== -1) waiting.splice(twin, 1)
      waiting.push(reply)
      if (running) return
      running = true
      void run()
    },
    end () {
      ending = true
      if (running) return
      running = true
      void run()
    }
  }
}
