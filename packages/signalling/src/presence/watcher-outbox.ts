import { MAX_LINKS_PER_FRAME, MAX_STATEMENTS_PER_FRAME, type BoardFrame } from './presence-frames.ts'

/**
 * A device on a board, as it is passed on: its statement and the newest beat of
 * it. Watchers share one object for each device, which the board changes in
 * place: thousands of copies of each beat would be made otherwise.
 */
export interface Listing { block: Uint8Array<ArrayBuffer>, n: number, link: Uint8Array<ArrayBuffer> }

/** What a watcher has yet to be told. Of each device only the newest is sent, so a slow watcher costs no memory. */
export interface WatcherOutbox {
  /** A device is on the board, or says something new. */
  set(device: string, listing: Listing): void
  gone(device: string): void
  /** Puts a beat in line, with the links that the watcher does not have yet. */
  beat(): void
  /** Takes the next frame to send; undefined when everything is told. */
  next(): BoardFrame | undefined
}

type Bytes = Uint8Array<ArrayBuffer>
interface Told { slot: number, listing: Listing, block: Bytes, n: number }

/** Numbers the devices that a watcher is told of, so that a beat need not name them. */
export function createWatcherOutbox (): WatcherOutbox {
  const told = new Map<string, Told>()
  const fresh = new Map<string, Listing>()
  const ended: number[] = []
  let beatDue = false
  let nextSlot = 0

  const takeFresh = (): Array<[number, Bytes, number, Bytes]> => [...fresh].slice(0, MAX_STATEMENTS_PER_FRAME).map(([device, listing]) => {
    fresh.delete(device)
    const { block, n, link } = listing
    const slot = told.get(device)?.slot ?? nextSlot++
    told.set(device, { slot, listing, block, n })
    return [slot, block, n, link]
  })

  const takeBeats = (): Array<[number, number, Bytes]> => {
    const beats: Array<[number, number, Bytes]> = []
    for (const entry of told.values()) {
      const { slot, listing, block, n } = entry
      // One with a newer statement is in line as a whole.
      if (listing.block !== block || listing.n <= n) continue
      if (beats.length === MAX_LINKS_PER_FRAME) return beats
      entry.n = listing.n
      beats.push([slot, listing.n, listing.link])
    }
    beatDue = false
    return beats
  }

  return {
    set (device, listing) { fresh.set(device, listing) },
    gone (device) {
      fresh.delete(device)
      const known = told.get(device)
      if (known === undefined) return
      told.delete(device)
      ended.push(known.slot)
    },
    beat () { beatDue = true },
    next () {
      if (fresh.size > 0 || ended.length > 0) return [1, 4, takeFresh(), ended.splice(0, MAX_LINKS_PER_FRAME)]
      return beatDue ? [1, 5, takeBeats()] : undefined
    }
  }
}
