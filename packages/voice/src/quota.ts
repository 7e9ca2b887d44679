import type { Clock } from '@parley/core'
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

/** What one sender may use in a day. */
export interface SenderQuotaInit {
  /** @default 1073741824, 1 GiB */
  bytesPerDay?: number | undefined
  /** Messages and conversations begun. @default 2000 */
  itemsPerDay?: number | undefined
}

/** Counts what each sender uses, so that one cannot take the room of all. */
export interface SenderQuota {
  /** Uses some of a sender's day; false, and nothing is used, when it is not left. */
  take(sender: Did, use: { bytes?: number, items?: number }): boolean
  /** In words for the sender. */
  readonly words: string
}

const DAY_MS = 24 * 3_600_000

/** Creates a count that begins anew each day of UTC, and with the process. */
export function createSenderQuota ({ clock }: { clock: Clock }, { bytesPerDay = 1024 ** 3, itemsPerDay = 2000 }: SenderQuotaInit = {}): SenderQuota {
  const used = new Map<Did, { bytes: number, items: number }>()
  let day = -1
  return {
    words: 'one sender may leave no more here today; try again tomorrow',
    take (sender, { bytes = 0, items = 0 }) {
      const today = Math.floor(clock.now() / DAY_MS)
      if (today !== day) used.clear()
      day = today
      const before = used.get(sender) ?? { bytes: 0, items: 0 }
      const after = { bytes: before.bytes + bytes, items: before.items + items }
      if (after.bytes > bytesPerDay || after.items > itemsPerDay) return false
      used.set(sender, after)
      return true
    }
  }
}
