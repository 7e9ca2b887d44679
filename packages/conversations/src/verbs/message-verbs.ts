import { fromString } from 'uint8arrays'
import { NoSuchItemError } from '../errors.ts'
import { bytesOf, messageOf } from './ids.ts'
import type { Verbs } from './types.ts'
import type { VerbTools } from './verbs.ts'

type MessageVerbs = Pick<Verbs, 'say' | 'edit' | 'erase' | 'recover' | 'lock' | 'release' | 'detach' | 'react' | 'unreact' | 'played'>

/** What is done with messages. */
export function messageVerbs ({ random, write, begin }: VerbTools): MessageVerbs {
  const bytes = (id: string): Uint8Array => bytesOf('message', id)
  return {
    async say ({ body, format, parent, part }, options) {
      const message = random(16)
      return await begin(message, () => ({ verb: 'add', thing: 'message', message, body, format, parent: parent === undefined ? undefined : bytes(parent), part }), options)
    },
    edit: async (id, { body, format, follows, release }, options) => await write(draft => {
      const { version, format: now } = messageOf(draft, id)
      return { verb: 'modify', thing: 'message', message: bytes(id), body, format: format ?? now, follows: follows ?? version, release: release === true ? true : undefined }
    }, options),
    erase: async (id, { follows, ...options } = {}) => await write(draft => ({ verb: 'delete', thing: 'message', message: bytes(id), follows: follows ?? messageOf(draft, id).version }), options),
    recover: async (id, { follows, ...options } = {}) => await write(draft => ({ verb: 'recover', thing: 'message', message: bytes(id), follows: follows ?? messageOf(draft, id).version }), options),
    lock: async (id, { follows, ...options } = {}) => await write(draft => ({ verb: 'lock', thing: 'message', message: bytes(id), follows: follows ?? messageOf(draft, id).version }), options),
    release: async (id, options) => await write(draft => {
      const { lock } = messageOf(draft, id)
      if (lock === undefined) throw new NoSuchItemError('lock', id)
      return { verb: 'release', thing: 'message', message: bytes(id), lock: lock.action }
    }, options),
    detach: async (id, attachment, options) => await write(() => {
      if (!/^[0-9a-f]{32}$/.test(attachment)) throw new NoSuchItemError('attachment', attachment)
      return { verb: 'delete', thing: 'attachment', message: bytes(id), attachment: fromString(attachment, 'hex') }
    }, options),
    react: async (id, reaction, options) => await write(() => ({ verb: 'add', thing: 'reaction', message: bytes(id), reaction }), options),
    unreact: async (id, reaction, options) => await write(() => ({ verb: 'delete', thing: 'reaction', message: bytes(id), reaction }), options),
    played: async (id, { positionMs, done }, options) => await write(() => ({ verb: 'played', thing: 'message', message: bytes(id), positionMs, done }), options)
  }
}
