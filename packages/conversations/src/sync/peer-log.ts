import type { CID } from '@parley/core'
import type { FrontierEntry } from '../types.ts'

/**
 * What a peer has of a conversation. `hello`: on its disk, as it says itself,
 * and nothing else. `handed`: what it has once it took what was sent.
 * `acknowledged`: that is on its disk.
 */
export interface PeerPosition {
  conversation: CID
  peer: string
  kind: 'hello' | 'handed' | 'acknowledged'
  frontier: FrontierEntry[]
}

/** Follows how far the peer of one stream is. */
export interface PeerLog {
  hello(frontier: FrontierEntry[]): void
  /** So many batches more were sent; with them, or before, all of `given`. */
  handed(batches: number, given: FrontierEntry[] | undefined): void
  acknowledged(through: number, refused: number): void
}

export function createPeerLog (tell: (kind: PeerPosition['kind'], frontier: FrontierEntry[]) => void): PeerLog {
  let sent = 0
  let acked = 0
  // Which blocks were not taken is not said; the next hello tells what was.
  let isComplete = true
  let open: Array<{ through: number, frontier: FrontierEntry[] }> = []

  const settle = (): void => {
    const done = open.filter(({ through }) => through <= acked).at(-1)
    open = open.filter(({ through }) => through > acked)
    if (done !== undefined && isComplete) tell('acknowledged', done.frontier)
  }
  return {
    hello (frontier) { tell('hello', frontier) },
    handed (batches, given) {
      sent += batches
      if (given === undefined) return
      if (sent > acked) tell('handed', given)
      open.push({ through: sent, frontier: given })
      settle()
    },
    acknowledged (through, refused) {
      acked = Math.min(through, sent)
      if (refused > 0) isComplete = false
      settle()
    }
  }
}
