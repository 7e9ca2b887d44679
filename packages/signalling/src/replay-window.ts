import { CLOCK_WINDOW_MS } from './freshness.ts'

/** Ids remembered for each device. */
export const MAX_IDS = 256
/** Devices remembered at once. */
export const MAX_DEVICES = 4096
/** A signal can pass the clock window this long after it was first seen, when its clock is ahead by the whole window. */
const MEMORY_MS = 2 * CLOCK_WINDOW_MS

/** `new`: obey it; `duplicate`: it was obeyed, acknowledge it again; `replayed`: older than the memory, refuse it; `crowded`: too many devices to remember one more. */
export type Verdict = 'new' | 'duplicate' | 'replayed' | 'crowded'

interface Seen { ids: Map<string, { seq: number, at: number }>, floor: number, lastAt: number }

/** What was received lately: enough to know any signal again for as long as its time stamp could pass. */
export interface ReplayWindow {
  /** Judges a verified signal and remembers it. `now` is monotonic milliseconds. */
  accept(device: string, id: string, seq: number, now: number): Verdict
  readonly devices: number
}

/** Creates an empty window. It fails closed: what it cannot tell from a replay is refused. */
export function createReplayWindow (): ReplayWindow {
  const devices = new Map<string, Seen>()
  return {
    get devices () { return devices.size },
    accept (device, id, seq, now) {
      let seen = devices.get(device)
      if (seen === undefined) {
        if (devices.size >= MAX_DEVICES && !forgetIdle(devices, now)) return 'crowded'
        seen = { ids: new Map(), floor: -1, lastAt: now }
        devices.set(device, seen)
      }
      if (seen.ids.has(id)) return 'duplicate'
      if (seq <= seen.floor) return 'replayed'
      seen.ids.set(id, { seq, at: now })
      seen.lastAt = now
      if (seen.ids.size > MAX_IDS) forgetLowest(seen, now)
      return 'new'
    }
  }
}

/** Drops ids too old to come back; when all are young, the lowest sequence numbers, below which nothing is then taken. */
function forgetLowest (seen: Seen, now: number): void {
  for (const [id, { at }] of seen.ids) if (now - at > MEMORY_MS) seen.ids.delete(id)
  if (seen.ids.size <= MAX_IDS) return
  const bySeq = [...seen.ids].toSorted(([, a], [, b]) => a.seq - b.seq)
  // An eighth at once, so that the sort is paid for rarely.
  for (const [id, { seq }] of bySeq.slice(0, MAX_IDS / 8)) {
    seen.ids.delete(id)
    seen.floor = Math.max(seen.floor, seq)
  }
}

function forgetIdle (devices: Map<string, Seen>, now: number): boolean {
  for (const [device, { lastAt }] of devices) if (now - lastAt > MEMORY_MS) devices.delete(device)
  return devices.size < MAX_DEVICES
}
