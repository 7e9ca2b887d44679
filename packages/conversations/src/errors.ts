import { ParleyError, type CID } from '@parley/core'

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
