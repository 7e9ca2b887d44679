import { ParleyError } from '@parley/core'

/** Why a keeper refuses a segment or a stream; the words on the wire. */
export const REFUSALS = [
  'invalid', 'forged', 'out-of-order', 'broken-chain', 'ended', 'too-long', 'too-large',
  'unknown-device', 'not-an-endpoint', 'not-allowed', 'taken', 'unknown-voice', 'busy', 'stopping'
] as const

export type Refusal = typeof REFUSALS[number]

/** Refusals that pass by themselves: the speaker tries again within its grace period. */
export const PASSING_REFUSALS: readonly Refusal[] = ['busy', 'stopping']

/** Thrown and told when the keeper of a voice message refuses what it was sent; `reason` says which rule it broke. */
export class VoiceRefusedError extends ParleyError {
  override readonly name = 'VoiceRefusedError'
  readonly reason: Refusal

  constructor (reason: Refusal, detail: string, options?: ErrorOptions) {
    super(`The voice message was refused (${reason}): ${detail}`, options)
    this.reason = reason
  }
}

/** Told when no keeper could be reached within the grace period. What was recorded stays on this device. */
export class KeeperUnreachableError extends ParleyError {
  override readonly name = 'KeeperUnreachableError'

  constructor (graceMs: number, detail: string, options?: ErrorOptions) {
    super(`The keeper of this voice message was not reachable for ${graceMs} ms: ${detail}`, options)
  }
}

/** Told when the keeper closed the message before all of it arrived: it has the first `segments` only. */
export class CaptureEndedError extends ParleyError {
  override readonly name = 'CaptureEndedError'
  readonly segments: number

  constructor (segments: number, detail: string) {
    super(`The keeper closed this voice message after ${segments} segments: ${detail}`)
    this.segments = segments
  }
}

/** Thrown when nobody who was asked has segment `index`. */
export class VoiceUnavailableError extends ParleyError {
  override readonly name = 'VoiceUnavailableError'
  readonly index: number

  constructor (index: number, detail: string, options?: ErrorOptions) {
    super(`Segment ${index} of this voice message is not here and nobody who was asked has it: ${detail}`, options)
    this.index = index
  }
}

/** Thrown when a voice id is not one of those recorded on this device. */
export class UnknownRecordingError extends ParleyError {
  override readonly name = 'UnknownRecordingError'

  constructor (voice: string) {
    super(`No recording ${voice} was made on this device`)
  }
}

/** Thrown when a recording reached the length that one message may have. What was recorded can be finished and sent. */
export class VoiceTooLongError extends ParleyError {
  override readonly name = 'VoiceTooLongError'
  readonly segments: number

  constructor (segments: number) {
    super(`This voice message has reached ${segments} segments, the most that one message may have`)
    this.segments = segments
  }
}
