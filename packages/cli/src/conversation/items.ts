import { NoSuchItemError, type AttachedFile, type ConversationState, type Extra, type Message } from '@parley/conversations'
import { toString } from 'uint8arrays'
import { UsageError } from '../errors.ts'

/** No id is shown shorter. */
const LEAST_CHARS = 6

/** Takes a message's id, or the beginning of one. @throws {NoSuchItemError | UsageError} */
export function messageCalled ({ messages }: ConversationState, text: string): Message {
  return called('message', messages, ({ id }) => id, text)
}

/** Takes an extra's id, alike. */
export function extraCalled ({ extras }: ConversationState, text: string): Extra {
  return called('extra', extras, ({ id }) => id, text)
}

/** A file and the message that it is attached to. */
export interface Attached { message: Message, file: AttachedFile, id: string }

/** Takes an attachment's id, the beginning of one, or the file's name. */
export function attachmentCalled (state: ConversationState, text: string): Attached {
  const all = attachmentsOf(state)
  const named = all.filter(({ file }) => file.name === text)
  return named.length === 1 && named[0] !== undefined ? named[0] : called('attachment', all, ({ id }) => id, text)
}

export function attachmentsOf ({ messages }: ConversationState): Attached[] {
  return messages.flatMap(message => message.attachments.map(file => ({ message, file, id: idOf(file) })))
}

/** An attachment's id, in hex. */
export function idOf ({ attachment }: AttachedFile): string {
  return toString(attachment, 'hex')
}

/** What is named by the beginning of its id. @throws {NoSuchItemError | UsageError} */
export function called<T> (thing: string, all: readonly T[], id: (one: T) => string, text: string): T {
  const wanted = text.trim().toLowerCase()
  const exact = all.find(one => id(one) === wanted)
  const [only, ...others] = wanted === '' ? [] : all.filter(one => id(one).startsWith(wanted))
  if (exact !== undefined || (only !== undefined && others.length === 0)) return exact ?? only as T
  if (only === undefined) throw new NoSuchItemError(thing, text)
  throw new UsageError(`More than one ${thing} begins with ${text}: ${[only, ...others].slice(0, 5).map(id).join(', ')}`)
}

/** Creates what shortens ids so far that each is still the only one with its beginning. */
export function createShortIds (ids: readonly string[]): (id: string) => string {
  let chars = LEAST_CHARS
  while (chars < 32 && new Set(ids.map(id => id.slice(0, chars))).size < new Set(ids).size) chars++
  return id => id.slice(0, chars)
}

/** Every id of a state that a command line may name. */
export function idsOf (state: ConversationState): string[] {
  return [...state.messages.map(({ id }) => id), ...state.extras.map(({ id }) => id), ...attachmentsOf(state).map(({ id }) => id)]
}
