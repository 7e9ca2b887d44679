/** A file to read from, wherever it lies: on a disk, in memory, or as a `Blob` in a browser. */
export interface CarSource {
  readonly sizeBytes: number
  /** Returns `length` bytes from `offset`, or fewer where the file ends. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Offers bytes in memory as a file. */
export function carSourceOf (bytes: Uint8Array): CarSource {
  return {
    sizeBytes: bytes.byteLength,
    read: async (offset, length) => bytes.subarray(offset, offset + length)
  }
}
