/**
 * Tells how many typing errors lie between two words, one row of the table at
 * a time: letters left out, added, changed, or two neighbours exchanged
 * (optimal string alignment).
 */
export interface DistanceTable {
  /** Sets the letter at this place of the other word, whose letters before it are set; returns the least distance that any longer word can have. */
  set(place: number, letter: number): number
  /** Returns the distance to the first `length` letters that are set. */
  distance(length: number): number
}

/** Creates the table of `word`, as code points, for other words of at most `maxLength` letters. */
export function createDistanceTable (word: readonly number[], maxLength: number): DistanceTable {
  const width = word.length + 1
  const table = new Uint8Array((maxLength + 1) * width)
  const letters = new Uint32Array(maxLength)
  for (let column = 0; column < width; column++) table[column] = column
  const at = (row: number, column: number): number => table[row * width + column] ?? 0
  return {
    set (place, letter) {
      letters[place] = letter
      const row = place + 1
      table[row * width] = row
      let least = row
      for (let column = 1; column < width; column++) {
        const own = word[column - 1]
        let cost = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (own === letter ? 0 : 1))
        if (place > 0 && column > 1 && own === letters[place - 1] && word[column - 2] === letter) cost = Math.min(cost, at(row - 2, column - 2) + 1)
        table[row * width + column] = cost
        least = Math.min(least, cost)
      }
      // An exchange may come back from one row above at the price of one.
      return place === 0 ? least : Math.min(least, leastOf(table, (row - 1) * width, width) + 1)
    },
    distance: length => at(length, width - 1)
  }
}

function leastOf (table: Uint8Array, from: number, width: number): number {
  let least = 255
  for (let index = from; index < from + width; index++) least = Math.min(least, table[index] ?? 255)
  return least
}

/** Returns the distance between two words. */
export function editDistance (a: string, b: string): number {
  const other = codePoints(b)
  const table = createDistanceTable(codePoints(a), other.length)
  other.forEach((letter, place) => table.set(place, letter))
  return table.distance(other.length)
}

export function codePoints (word: string): number[] {
  return Array.from(word, letter => letter.codePointAt(0) ?? 0)
}
