import { StoppedError, type RandomBytes } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Draft } from '../actions/draft.ts'
import type { Content } from '../actions/index.ts'
import { hex } from '../format/hex.ts'
import type { AppendOptions, StoredAction } from '../types.ts'
import { callVerbs } from './call-verbs.ts'
import { conversationVerbs } from './conversation-verbs.ts'
import { extraVerbs } from './extra-verbs.ts'
import { messageVerbs } from './message-verbs.ts'
import { peopleVerbs } from './people-verbs.ts'
import type { Added, Verbs } from './types.ts'

export interface VerbsComponents {
  random: RandomBytes
  /** The person who acts; undefined where nobody does, and appending refuses. */
  person: Did | undefined
  /** Returns what somebody is called on their device list. @throws {UnknownPersonError} */
  nameOf(person: Did): Promise<string>
  /** Appends what `build` makes of the state now: nothing comes in between. */
  appendFrom(build: (draft: Draft) => Content, options: AppendOptions): Promise<StoredAction[]>
}

/** What the groups of verbs are made of. */
export interface VerbTools extends Pick<VerbsComponents, 'random' | 'person' | 'nameOf'> {
  write(build: (draft: Draft) => Content, options?: AppendOptions): Promise<StoredAction>
  /** Writes what begins something with these 16 bytes. */
  begin(id: Uint8Array, build: (draft: Draft) => Content, options?: AppendOptions): Promise<Added>
}

/** Offers what people do in a conversation. */
export function createVerbs ({ appendFrom, ...components }: VerbsComponents): Verbs {
  const write: VerbTools['write'] = async (build, options = {}) => {
    const [action] = await appendFrom(build, options)
    if (action === undefined) throw new StoppedError('The conversation')
    return action
  }
  const tools: VerbTools = {
    ...components,
    write,
    async begin (id, build, options) {
      const { conversation, cid, bytes, author, person, seq, time, epoch, changesAccess } = await write(build, options)
      return { conversation, cid, bytes, author, person, seq, time, epoch, changesAccess, id: hex(id) }
    }
  }
  return { ...messageVerbs(tools), ...conversationVerbs(tools), ...extraVerbs(tools), ...peopleVerbs(tools), ...callVerbs(tools) }
}
