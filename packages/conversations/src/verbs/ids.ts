import { fromString } from 'uint8arrays'
import type { Draft } from '../actions/draft.ts'
import { NoSuchItemError } from '../errors.ts'
import type { Extra, Message } from '../types.ts'

/** Returns the 16 bytes of an id as the state has it: hex, and the DID of a second person who used them. */
export function bytesOf (thing: string, id: string): Uint8Array<ArrayBuffer> {
  if (!/^[0-9a-f]{32}( |$)/.test(id)) throw new NoSuchItemError(thing, id)
  return fromString(id.slice(0, 32), 'hex')
}

/** @throws {NoSuchItemError} */
export function messageOf (draft: Draft, id: string): Message {
  const message = draft.messages.get(id)
  if (message === undefined) throw new NoSuchItemError('message', id)
  return message
}

/** @throws {NoSuchItemError} */
export function extraOf (draft: Draft, id: string): Extra {
  const extra = draft.extras.get(id)
  if (extra === undefined) throw new NoSuchItemError('extra', id)
  return extra
}
