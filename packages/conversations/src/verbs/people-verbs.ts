import { publicKeyFromDid } from '@parley/identity'
import { KeylessHolderError } from '../errors.ts'
import type { Verbs } from './types.ts'
import type { VerbTools } from './verbs.ts'

type PeopleVerbs = Pick<Verbs, 'invite' | 'setPermission' | 'setName' | 'remove' | 'leave'>

/** What is done about who takes part. */
export function peopleVerbs ({ person: self, write, nameOf }: VerbTools): PeopleVerbs {
  return {
    async invite (did, { permission = 'write', history = 'all', name } = {}, options) {
      const known = await nameOf(did)
      const called = name ?? known
      return await write(draft => {
        const expiresAt = draft.expiry.get()?.current.value ?? undefined
        // Who reads from now on cannot read where these were said.
        const quoted = history === 'all' ? {} : { subject: draft.subject.get()?.current.value, expiresAt }
        return { verb: 'add', thing: 'participant', person: publicKeyFromDid(did), name: called === '' ? undefined : called, permission, history, ...quoted }
      }, options)
    },
    setPermission: async (did, permission, options) => await write(() => ({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(did), permission }), options),
    setName: async (did, name, options) => await write(() => ({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(did), name }), options),
    remove: async (did, options) => await write(() => ({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(did) }), options),
    async leave (options) {
      if (self === undefined) throw new KeylessHolderError()
      return await write(() => ({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(self) }), options)
    }
  }
}
