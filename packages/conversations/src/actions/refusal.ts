import type { ParleyError } from '@parley/core'
import { NoSuchItemError, NotPermittedError } from '../errors.ts'

/** Why an action has no effect. */
export interface Refusal {
  /** A sentence. */
  reason: string
  /** What its author is told instead of `NotPermittedError`, where they would act differently. */
  error?: (() => ParleyError) | undefined
}

/** Refuses what its author may not do; undefined where there is no reason to. */
export function forbidden (reason: string | undefined): Refusal | undefined {
  return reason === undefined ? undefined : { reason }
}

/** Refuses what is about something that is not there, or was deleted. */
export function missing (thing: string, id: string, isDeleted = false): Refusal {
  return { reason: isDeleted ? `the ${thing} was deleted` : `there is no such ${thing}`, error: () => new NoSuchItemError(thing, id, isDeleted) }
}

/** Returns what the author of a refused action is told. */
export function toldOf ({ reason, error }: Refusal): ParleyError {
  return error?.() ?? new NotPermittedError(reason)
}
