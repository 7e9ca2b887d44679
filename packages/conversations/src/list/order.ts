import { InvalidArgumentError } from '@parley/core'

/** Where a conversation stands in a list: by activity, the newest first, then by the text of its id. */
export interface Place { at: number, name: string }

/** What is sorted while it moves. */
export interface Order {
  /** Puts something in its place, from wherever it was. */
  move(name: string, at: number): void
  /** Takes something out. */
  remove(name: string): void
  /** Yields names from after a place, which needs not be taken. */
  after(place: Place | undefined): Generator<Place>
}

export function createOrder (): Order {
  const places: Place[] = []
  const known = new Map<string, Place>()
  /** Returns how many stand before a place. */
  const rank = (place: Place): number => {
    let [low, high] = [0, places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const probe = places[middle]
      if (probe !== undefined && compare(probe, place) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    move (name, at) {
      const before = known.get(name)
      if (before?.at === at) return
      if (before !== undefined) places.splice(rank(before), 1)
      const place = { at, name }
      known.set(name, place)
      places.splice(rank(place), 0, place)
    },
    remove (name) {
      const before = known.get(name)
      if (before !== undefined) places.splice(rank(before), 1)
      known.delete(name)
    },
    * after (place) {
      const from = place === undefined ? 0 : rank(place)
      for (let index = from; index < places.length; index++) {
        const next = places[index]
        if (next !== undefined && (place === undefined || compare(next, place) > 0)) yield next
      }
    }
  }
}

function compare (a: Place, b: Place): number {
  return b.at - a.at || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** Returns a place as a text to go on from. */
export function toCursor ({ at, name }: Place): string {
  return `${at}.${name}`
}

/** @throws {InvalidArgumentError} */
export function fromCursor (cursor: string): Place {
  const [, at, name] = /^(\d{1,15})\.([a-z0-9]{1,100})$/.exec(cursor) ?? []
  if (at === undefined || name === undefined) throw new InvalidArgumentError('A list goes on from what the page before gave as `next`')
  return { at: Number(at), name }
}
