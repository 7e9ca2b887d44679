import { ParleyError } from '@parley/core'

/** Thrown when a signal arrives after its expiry, or was sent more than five minutes from our clock. */
export class ExpiredSignalError extends ParleyError {
  override readonly name = 'ExpiredSignalError'
  readonly sentAt: number
  readonly expiresAt: number

  constructor (reason: string, { sentAt, expiresAt }: { sentAt: number, expiresAt: number }) {
    super(`This signal ${reason}`)
    this.sentAt = sentAt
    this.expiresAt = expiresAt
  }
}

/** Thrown when a signal is older than what is remembered of its device, so that it may be a replay. */
export class ReplayedSignalError extends ParleyError {
  override readonly name = 'ReplayedSignalError'
  readonly device: string

  constructor (device: string, reason: string) {
    super(`A signal of ${device} may be a replay: ${reason}`)
    this.device = device
  }
}

/** Thrown when the device of a signal is not on the device list of the person it claims to speak for. */
export class UnknownSenderError extends ParleyError {
  override readonly name = 'UnknownSenderError'
  readonly person: string
  readonly device: string

  constructor (person: string, device: string) {
    super(`${device} is no device of ${person} that we know of`)
    this.person = person
    this.device = device
  }
}

/** Thrown when a device sends what its roles, or its part in the call, do not allow. */
export class ForbiddenSignalError extends ParleyError {
  override readonly name = 'ForbiddenSignalError'
  readonly device: string
  readonly type: string

  constructor (device: string, type: string, reason: string) {
    super(`${device} may not send ${type}: ${reason}`)
    this.device = device
    this.type = type
  }
}

/** Thrown when a signal is addressed to a person this device does not answer for. */
export class MisdirectedSignalError extends ParleyError {
  override readonly name = 'MisdirectedSignalError'
  readonly to: string

  constructor (to: string) {
    super(`This device does not answer for ${to}`)
    this.to = to
  }
}

/** Thrown away instead of handled: more signals came in at once than are worked on at a time. */
export class SignalFloodError extends ParleyError {
  override readonly name = 'SignalFloodError'
  readonly limit: number

  constructor (limit: number) {
    super(`More than ${limit} signals are being read at once`)
    this.limit = limit
  }
}

/** Counted when a signal was dropped because its person does not want to hear from whom it says it is; the sender is told nothing. */
export class UnwantedSenderError extends ParleyError {
  override readonly name = 'UnwantedSenderError'
  readonly device: string

  constructor (device: string) {
    super(`The person it is for does not want signals of ${device}`)
    this.device = device
  }
}
