import * as z from 'zod/mini'

// Names are shown in terminals and lists: control characters could move the
// cursor, directional overrides could make one name read as another.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** Checks a text that people read: one line, `max` UTF-16 units at most. */
export function textSchema ({ min = 0, max }: { min?: number, max: number }): z.ZodMiniType<string> {
  return z.custom<string>(
    value => typeof value === 'string' && value.length >= min && value.length <= max && value.isWellFormed() && !UNPRINTABLE.test(value),
    `expected one line of ${min} to ${max} characters`
  )
}

/** Checks a word that programs read, for example `linux` or `voice/1`. */
export const wordSchema: z.ZodMiniType<string> = z.custom<string>(
  value => typeof value === 'string' && /^[a-z0-9][a-z0-9./+-]{0,63}$/.test(value),
  'expected a word of lower case letters, digits and . / + -'
)

/** Checks a multiaddr as far as its form goes; whoever dials it parses it. */
const addressSchema: z.ZodMiniType<string> = z.custom<string>(
  value => typeof value === 'string' && value.length <= 512 && /^\/[\x21-\x7e]+$/.test(value),
  'expected a multiaddr of at most 512 characters'
)

/** Checks the addresses of one device: 16 at most, none twice. */
export const addressesSchema: z.ZodMiniType<string[]> = z.array(addressSchema).check(
  z.maxLength(16),
  z.refine(addresses => new Set(addresses).size === addresses.length, 'expected no address twice')
)

/** Tells whether each of `values` is greater than the one before it, by `compare`. */
export function isAscending<T> (values: T[], compare: (a: T, b: T) => number): boolean {
  return values.every((value, index) => {
    const before = values[index - 1]
    return index === 0 || (before !== undefined && compare(before, value) < 0)
  })
}

/** Orders texts by their UTF-16 units, the same on every platform and in every language. */
export function compareText (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
