import { DamagedAudioError } from '../errors.ts'
import { variable } from './ebml.ts'

/**
 * Takes the packets out of a block's data, whose lacing is 0 for none, 1 for
 * Xiph, 2 for fixed size, 3 for EBML (RFC 9559 section 10.3).
 *
 * @throws {DamagedAudioError}
 */
export function unlace (data: Uint8Array, lacing: number, offset: number): Uint8Array[] {
  if (lacing === 0) return [data]
  const count = (data[0] ?? 0) + 1
  const { sizes, at } = lacing === 1 ? xiphSizes(data, count) : lacing === 3 ? ebmlSizes(data, count) : fixedSizes(data, count)
  const last = data.length - at - sizes.reduce((sum, size) => sum + size, 0)
  if (data.length === 0 || [...sizes, last].some(size => !Number.isInteger(size) || size < 0)) throw new DamagedAudioError('the packets of a block do not fit into it', offset)
  let start = at
  return [...sizes, last].map(size => data.subarray(start, start += size))
}

interface Sizes {
  /** Of all packets but the last, which takes the rest. */
  sizes: number[]
  at: number
}

function xiphSizes (data: Uint8Array, count: number): Sizes {
  const sizes: number[] = []
  let at = 1
  while (sizes.length < count - 1) {
    let size = 0
    for (; data[at] === 255; at++) size += 255
    sizes.push(size + (data[at++] ?? NaN))
  }
  return { sizes, at }
}

function fixedSizes (data: Uint8Array, count: number): Sizes {
  return { sizes: new Array<number>(count - 1).fill((data.length - 1) / count), at: 1 }
}

/** The first size is plain, each further one the difference to the one before, shifted to be positive. */
function ebmlSizes (data: Uint8Array, count: number): Sizes {
  const sizes: number[] = []
  let at = 1
  while (sizes.length < count - 1) {
    const number = variable(data, at)
    if (number === undefined) return { sizes: [NaN], at }
    const before = sizes.at(-1)
    sizes.push(before === undefined ? number.value : before + number.value - (2 ** (7 * number.length - 1) - 1))
    at += number.length
  }
  return { sizes, at }
}
