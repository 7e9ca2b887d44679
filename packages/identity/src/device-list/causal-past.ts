/** A set of places in a list: those of the changes that a change builds on, however far back. One bit each. */
export type CausalPast = Uint32Array

/** Tells whether `past` holds the place. */
export function isIn (past: CausalPast | undefined, place: number): boolean {
  return ((past?.[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0
}

/** Returns, for each change, where parents come before their children, the places of all that it builds on. */
export function causalPasts (parentsOf: number[][]): CausalPast[] {
  const pasts: CausalPast[] = []
  const words = Math.ceil(parentsOf.length / 32)
  for (const parents of parentsOf) {
    const past = new Uint32Array(words)
    for (const parent of parents) {
      pasts[parent]?.forEach((word, index) => { past[index] = (past[index] ?? 0) | word })
      past[parent >>> 5] = (past[parent >>> 5] ?? 0) | (1 << (parent & 31))
    }
    pasts.push(past)
  }
  return pasts
}
