import type { Did } from '@parley/identity'
import { VoiceRefusedError } from './errors.ts'

/** Counts what is open at once, for each peer and for all. */
export function createQuota ({ perPeer, total }: { perPeer: number, total: number }): { hold(peer: Did, work: () => Promise<void>): Promise<void> } {
  const held = new Map<Did, number>()
  let all = 0
  return {
    /** @throws {VoiceRefusedError} `busy` when there is no place */
    async hold (peer, work) {
      const count = held.get(peer) ?? 0
      if (count >= perPeer || all >= total) throw new VoiceRefusedError('busy', 'too many streams are open at once')
      held.set(peer, count + 1)
      all++
      try {
        await work()
      } finally {
        all--
        const left = (held.get(peer) ?? 1) - 1
        if (left === 0) held.delete(peer)
        else held.set(peer, left)
      }
    }
  }
}
