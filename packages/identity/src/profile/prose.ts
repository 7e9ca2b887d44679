import * as z from 'zod/mini'

// As for one line, but what separates lines may stand: control characters and
// directional overrides could make a text read as another one.
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** Checks a text of several lines that people read; `maxBytes` of UTF-8 at most. */
export function proseSchema ({ maxBytes }: { maxBytes: number }): z.ZodMiniType<string> {
  return z.custom<string>(
    value => typeof value === 'string' && value.length <= maxBytes && value.isWellFormed() && !UNPRINTABLE.test(value) && new TextEncoder().encode(value).byteLength <= maxBytes,
    `expected a text of at most ${maxBytes} bytes`
  )
}
