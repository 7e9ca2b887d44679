import * as z from 'zod/mini'
import { MAX_NAME_CHARS } from '../../format/limits.ts'
import { textSchema } from '../content.ts'
import type { ExtraKind } from './kind.ts'

/** A place on the Earth: degrees of WGS 84, as in a `geo` URI (RFC 5870). */
export interface Location {
  /** -90 to 90. */
  latitude: number
  /** -180 to 180. */
  longitude: number
  /** Metres. */
  uncertainty?: number | undefined
  name?: string | undefined
}

const schema = z.strictObject({
  latitude: z.number().check(z.gte(-90), z.lte(90)),
  longitude: z.number().check(z.gte(-180), z.lte(180)),
  uncertainty: z.optional(z.number().check(z.gte(0), z.lte(40_075_000))),
  name: z.optional(textSchema(MAX_NAME_CHARS))
}) satisfies z.ZodMiniType<Location>

export const location: ExtraKind = { kind: 'location', schema }
