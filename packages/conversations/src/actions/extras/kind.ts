import type { Schema } from '@parley/core'
import type { Answer, ExtraData } from '../content.ts'

/** A kind of extra that is known: what its data have to be, and what may be answered. */
export interface ExtraKind {
  readonly kind: string
  readonly schema: Schema<ExtraData>
  /** Tells whether an answer fits; without it nothing is asked. The data were checked. */
  readonly isAnswer?: ((data: ExtraData, answer: Answer) => boolean) | undefined
}
