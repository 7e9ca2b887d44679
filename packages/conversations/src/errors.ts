import { ParleyError, type CID } from '@parley/core'
import type { Did } from '@parley/identity'

/** Thrown when a conversation is asked for that this store does not have. */
export class UnknownConversationError extends ParleyError {
  override readonly name = 'UnknownConversationError'
  readonly conversation: CID

  constructor (conversation: CID) {
    super(`This store has no conversation ${conversation.toString()}`)
    this.conversation = conversation
  }
}

/** Thrown when an action names a parent that we do not have; it is held back, and accepted once the parent came. */
export class MissingParentError extends ParleyError {
  override readonly name = 'MissingParentError'
  readonly parent: CID

  constructor (parent: CID) {
    super(`This action follows ${parent.toString()}, which is not here yet`)
    this.parent = parent
  }
}

/** Thrown when an action's place contradicts its parents: sequence number, time, key epoch or conversation. */
export class OutOfSequenceError extends ParleyError {
  override readonly name = 'OutOfSequenceError'

  constructor (reason: string) {
    super(`This action is out of sequence: ${reason}`)
  }
}

/** Thrown when neither an action's own signature nor that of a later one of its author vouches for it. */
export class ForgedActionError extends ParleyError {
  override readonly name = 'ForgedActionError'
  readonly author: string

  constructor (author: string) {
    super(`This action is not signed by ${author}`)
    this.author = author
  }
}

/** Thrown when an action's device is not one of its person's that we know; learning the person's newest card may help. */
export class UnknownDeviceError extends ParleyError {
  override readonly name = 'UnknownDeviceError'
  readonly device: string
  readonly person: string

  constructor (device: string, person: string) {
    super(`${device} is no device of ${person} that we know of`)
    this.device = device
    this.person = person
  }
}

/** Thrown when a device signs what its roles at that time do not allow, as a proxy's message or anything of a revoked device. */
export class ForbiddenByRoleError extends ParleyError {
  override readonly name = 'ForbiddenByRoleError'
  readonly device: string

  constructor (device: string, roles: string[]) {
    super(`${device} may not write actions: its roles at that time are ${roles.length === 0 ? 'none' : roles.join(', ')}`)
    this.device = device
  }
}

/** Thrown when an action is by somebody who, as far as that action has seen, is not in the conversation. */
export class NotAParticipantError extends ParleyError {
  override readonly name = 'NotAParticipantError'
  readonly person: string

  constructor (person: string) {
    super(`${person} is not in this conversation`)
    this.person = person
  }
}

/** Thrown when a participant does what their permission does not include. */
export class NotPermittedError extends ParleyError {
  override readonly name = 'NotPermittedError'
  readonly reason: string

  constructor (reason: string) {
    super(`This action is not permitted: ${reason}`)
    this.reason = reason
  }
}

/** Told when an author signed two actions with one sequence number. Both are kept. */
export class ForkedChainError extends ParleyError {
  override readonly name = 'ForkedChainError'
  readonly author: string
  readonly seq: number

  constructor (author: string, seq: number) {
    super(`${author} signed two different actions with sequence number ${seq}`)
    this.author = author
    this.seq = seq
  }
}

/** Thrown when an action's time is more than a minute ahead of our clock. It may be given again later. */
export class FutureTimeError extends ParleyError {
  override readonly name = 'FutureTimeError'
  readonly aheadMs: number

  constructor (aheadMs: number) {
    super(`This action's time is ${aheadMs} ms ahead of this machine's clock`)
    this.aheadMs = aheadMs
  }
}

/** Thrown when a node that speaks for nobody, as a proxy, is asked to write or read words. */
export class KeylessHolderError extends ParleyError {
  override readonly name = 'KeylessHolderError'

  constructor () {
    super('This node keeps conversations for others and has no keys to write in them')
  }
}

/** Thrown when we have no key to seal an action with: none of the conversation's keys was sealed to this device yet. */
export class MissingKeyError extends ParleyError {
  override readonly name = 'MissingKeyError'
  readonly epoch: number

  constructor (epoch: number) {
    super(`This device has no key of the conversation's epoch ${epoch}; it gets one when another participant writes next`)
    this.epoch = epoch
  }
}

/** Thrown when somebody is added to a conversation whose device list we have not learned. */
export class UnknownPersonError extends ParleyError {
  override readonly name = 'UnknownPersonError'
  readonly person: string

  constructor (person: string) {
    super(`We know no devices of ${person}; add their contact card first`)
    this.person = person
  }
}

/** Thrown when somebody else holds the lock of what is to be changed. */
export class LockedError extends ParleyError {
  override readonly name = 'LockedError'
  readonly by: Did
  /** Wall milliseconds. */
  readonly until: number

  constructor ({ by, until }: { by: Did, until: number }) {
    super(`${by} changes this now; the lock ends at ${new Date(until).toISOString()} unless they give it up before`)
    this.by = by
    this.until = until
  }
}

/** Thrown when an edit follows another version of its item than the newest. */
export class StaleEditError extends ParleyError {
  override readonly name = 'StaleEditError'
  /** The action that made the newest version; null where there is none. */
  readonly current: CID | null

  constructor (current: CID | null) {
    super(`This was changed meanwhile: an edit has to follow ${current === null ? 'nothing, since nothing was set yet' : current.toString()}`)
    this.current = current
  }
}

/** Thrown when something is written in a conversation that has expired. */
export class ConversationExpiredError extends ParleyError {
  override readonly name = 'ConversationExpiredError'
  /** Wall milliseconds. */
  readonly expiresAt: number

  constructor (expiresAt: number) {
    super(`This conversation expired at ${new Date(expiresAt).toISOString()}; nothing that is written has an effect any more`)
    this.expiresAt = expiresAt
  }
}

/** Thrown when a text has more characters than its place allows. */
export class TextTooLongError extends ParleyError {
  override readonly name = 'TextTooLongError'
  /** Which one, for example `body`. */
  readonly field: string
  /** UTF-16 units. */
  readonly limitChars: number

  constructor (field: string, limitChars: number, options?: ErrorOptions) {
    super(`The ${field} is too long: it may have at most ${limitChars} characters`, options)
    this.field = field
    this.limitChars = limitChars
  }
}

/** Thrown when an action is about something that is not in the conversation, or was deleted. */
export class NoSuchItemError extends ParleyError {
  override readonly name = 'NoSuchItemError'
  /** What it is, for example `message`. */
  readonly thing: string
  readonly id: string
  readonly isDeleted: boolean

  constructor (thing: string, id: string, isDeleted = false) {
    super(`${isDeleted ? `The ${thing} ${id} was deleted` : `There is no ${thing} ${id} here`}`)
    this.thing = thing
    this.id = id
    this.isDeleted = isDeleted
  }
}
