/** A set of small whole numbers, as large as its largest. Never changed once made. */
export type Bits = Uint32Array

export function hasBit (bits: Bits, number: number): boolean {
  return ((bits[number >>> 5] ?? 0) >>> (number & 31) & 1) === 1
}

/** Returns the union of sets, with single numbers besides. */
export function unite (sets: Bits[], numbers: number[]): Bits {
  let words = 0
  for (const bits of sets) words = Math.max(words, bits.length)
  for (const number of numbers) words = Math.max(words, (number >>> 5) + 1)
  const union = new Uint32Array(words)
  for (const bits of sets) bits.forEach((word, index) => { union[index] = (union[index] ?? 0) | word })
  for (const number of numbers) union[number >>> 5] = (union[number >>> 5] ?? 0) | 1 << (number & 31)
  return union
}

/** Returns the numbers of a set, ascending. */
export function numbersOf (bits: Bits): number[] {
  const numbers: number[] = []
  bits.forEach((word, index) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) numbers.push(index * 32 + 31 - Math.clz32(rest & -rest))
  })
  return numbers
}

export function countBits (bits: Bits): number {
  let count = 0
  for (const word of bits) {
    for (let rest = word; rest !== 0; rest &= rest - 1) count++
  }
  return count
}
