import { ParleyError } from '@parley/core'

/** What `openAudio` takes, in words for a person. */
const TAKEN = 'WAV (PCM of 8, 16, 24 or 32 bits, or float), Ogg Opus and WebM Opus'

/** Thrown when a file is of a kind, or uses a feature, that is not read here. */
export class UnsupportedAudioError extends ParleyError {
  override readonly name = 'UnsupportedAudioError'
  /** What the file looks like, for example `an MP3 file`. */
  readonly seen: string

  constructor (seen: string, options?: ErrorOptions) {
    super(`This is ${seen}; what is taken: ${TAKEN}`, options)
    this.seen = seen
  }
}

/** Thrown when a file of a known kind stops making sense. */
export class DamagedAudioError extends ParleyError {
  override readonly name = 'DamagedAudioError'
  /** Where, in bytes from the start. */
  readonly offset: number

  constructor (reason: string, offset: number, options?: ErrorOptions) {
    super(`The audio is damaged at byte ${offset}: ${reason}`, options)
    this.offset = offset
  }
}

/** Thrown when this platform cannot encode or decode Opus as asked. */
export class OpusUnavailableError extends ParleyError {
  override readonly name = 'OpusUnavailableError'

  constructor (reason: string, options?: ErrorOptions) {
    super(`Opus is not available here: ${reason}`, options)
  }
}
