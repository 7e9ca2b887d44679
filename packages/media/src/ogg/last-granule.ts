/**
 * Returns the position of a file's last page, or undefined when it is not
 * found, belongs to another stream than the first page (a chain), or is none.
 */
export function lastGranule (file: Uint8Array): number | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let at = file.lastIndexOf(0x4f, file.length - 27); at >= 0; at = at === 0 ? -1 : file.lastIndexOf(0x4f, at - 1)) {
    if (view.getUint32(at) !== 0x4f67_6753 || !fits(file, at)) continue
    const granule = view.getBigInt64(at + 6, true)
    if (view.getUint32(at + 14, true) !== view.getUint32(14, true) || granule > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
    if (granule >= 0n) return Number(granule)
  }
  return undefined
}

/** A page that is cut is not read, so its position does not count. */
function fits (file: Uint8Array, at: number): boolean {
  const lacing = file.subarray(at + 27, at + 27 + (file[at + 26] ?? 0))
  return at + 27 + lacing.length + lacing.reduce((sum, length) => sum + length, 0) <= file.length
}
