/**
 * The base of every error that Parley throws on purpose.
 *
 * Callers test `error.name`, which is a literal of the class: two copies of a
 * package in one program would make `instanceof` lie.
 */
export abstract class ParleyError extends Error {
  abstract override readonly name: string
}

/** Thrown when bytes from outside are not what their format says. */
export class InvalidBytesError extends ParleyError {
  override readonly name = 'InvalidBytesError'
  /** What was being read, for example `action`. */
  readonly what: string

  constructor (what: string, reason: string, options?: ErrorOptions) {
    super(`These bytes are no valid ${what}: ${reason}`, options)
    this.what = what
  }
}

/** Thrown when bytes are larger than their format allows, before they are decoded. */
export class OversizedBytesError extends ParleyError {
  override readonly name = 'OversizedBytesError'
  readonly sizeBytes: number
  readonly limitBytes: number

  constructor (what: string, sizeBytes: number, limitBytes: number) {
    super(`This ${what} has ${sizeBytes} bytes, the limit is ${limitBytes}`)
    this.sizeBytes = sizeBytes
    this.limitBytes = limitBytes
  }
}

/** Thrown when something that was waited for did not happen in time. */
export class TimeoutError extends ParleyError {
  override readonly name = 'TimeoutError'
  readonly timeoutMs: number

  constructor (what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }
}

/** Thrown by whatever is used after it was stopped or closed. */
export class StoppedError extends ParleyError {
  override readonly name = 'StoppedError'

  constructor (what: string) {
    super(`${what} was stopped`)
  }
}

/** Thrown when an argument that a caller wrote cannot be used. */
export class InvalidArgumentError extends ParleyError {
  override readonly name = 'InvalidArgumentError'

  constructor (message: string, options?: ErrorOptions) {
    super(message, options)
  }
}

/**
 * Thrown when the disk under a store has no room, or its folder is gone.
 *
 * Nothing that was acknowledged before is lost; the same write may be tried
 * again once there is room.
 */
export class StorageUnavailableError extends ParleyError {
  override readonly name = 'StorageUnavailableError'
  readonly reason: 'full' | 'missing' | 'failed'

  constructor (reason: 'full' | 'missing' | 'failed', detail: string, options?: ErrorOptions) {
    super({
      full: `The disk is full: ${detail}`,
      missing: `The data folder is missing: ${detail}`,
      failed: `The store cannot be written: ${detail}`
    }[reason], options)
    this.reason = reason
  }
}
