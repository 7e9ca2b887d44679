/** Returns the middle of `values`; the mean of the two middle ones where their number is even. */
export function median (values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Returns the value below which the share `q` (0 to 1) of `values` lies, interpolated. */
export function quantile (values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]
  const high = sorted[Math.ceil(at)]
  if (low === undefined || high === undefined) throw new RangeError('there is no median of nothing')
  return low + (high - low) * (at - Math.floor(at))
}
