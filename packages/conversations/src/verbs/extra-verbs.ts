import { bytesOf, extraOf } from './ids.ts'
import type { Verbs } from './types.ts'
import type { VerbTools } from './verbs.ts'

type ExtraVerbs = Pick<Verbs, 'addExtra' | 'editExtra' | 'eraseExtra' | 'respond'>

/** What is done with extras. */
export function extraVerbs ({ random, write, begin }: VerbTools): ExtraVerbs {
  const bytes = (id: string): Uint8Array => bytesOf('extra', id)
  return {
    async addExtra ({ kind, text, data, message }, options) {
      const extra = random(16)
      return await begin(extra, () => ({ verb: 'add', thing: 'extra', extra, kind, text, data, message: message === undefined ? undefined : bytesOf('message', message) }), options)
    },
    editExtra: async (id, { text, data, follows }, options) => await write(draft => ({ verb: 'modify', thing: 'extra', extra: bytes(id), text, data, follows: follows ?? extraOf(draft, id).version }), options),
    eraseExtra: async (id, { follows, ...options } = {}) => await write(draft => ({ verb: 'delete', thing: 'extra', extra: bytes(id), follows: follows ?? extraOf(draft, id).version }), options),
    respond: async (id, answer, options) => await write(() => ({ verb: 'add', thing: 'response', extra: bytes(id), answer }), options)
  }
}
