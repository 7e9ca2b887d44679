import { ParleyError } from '@parley/core'

/** Thrown when somebody is added to a conversation that has as many people as there may be. */
export class TooManyParticipantsError extends ParleyError {
  override readonly name = 'TooManyParticipantsError'
  readonly limit: number

  constructor (limit: number) {
    super(`A conversation has at most ${limit} people at a time; somebody has to leave, or be removed, before another is added`)
    this.limit = limit
  }
}

/** Thrown when somebody is added, or a permission changed, after as many such changes as there may be. */
export class TooManyChangesError extends ParleyError {
  override readonly name = 'TooManyChangesError'
  readonly limit: number

  constructor (limit: number) {
    super(`Who is in this conversation was changed ${limit} times, and can only be removed or leave any more; begin another conversation`)
    this.limit = limit
  }
}
