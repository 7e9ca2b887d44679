/** One piece of a stream; `last` when nothing follows it. */
export interface Piece { bytes: Uint8Array<ArrayBuffer>, last: boolean }

/**
 * Cuts a stream into pieces of exactly `pieceBytes`, the last one of what is
 * left: of 1 to `pieceBytes`, or none when the whole stream is empty. A full
 * piece waits until it is known whether anything follows.
 */
export async function * cutInto (source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Piece> {
  let piece = new Uint8Array(pieceBytes)
  let filled = 0
  for await (const part of source) {
    let taken = 0
    while (taken < part.byteLength) {
      if (filled === pieceBytes) {
        yield { bytes: piece, last: false }
        // What was handed out is its taker's.
        piece = new Uint8Array(pieceBytes)
        filled = 0
      }
      const count = Math.min(pieceBytes - filled, part.byteLength - taken)
      piece.set(part.subarray(taken, taken + count), filled)
      filled += count
      taken += count
    }
  }
  yield { bytes: piece.slice(0, filled), last: true }
}
