import { ParleyError } from '@parley/core'

/** Thrown when a draft is asked for that there is not, or not any more: it was discarded or published, here or on another device. */
export class UnknownDraftError extends ParleyError {
  override readonly name = 'UnknownDraftError'
  readonly draft: string

  constructor (draft: string) {
    super(`There is no draft ${draft}`)
    this.draft = draft
  }
}

/** Thrown when a draft is changed whose publication has begun: what is in it may be with others already. */
export class DraftPublishingError extends ParleyError {
  override readonly name = 'DraftPublishingError'
  readonly draft: string

  constructor (draft: string) {
    super(`The draft ${draft} is being published; publish it again to finish that, or discard it`)
    this.draft = draft
  }
}
