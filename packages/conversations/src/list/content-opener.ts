import { InvalidBytesError, OversizedBytesError, type CID } from '@parley/core'
import type { Content } from '../actions/index.ts'
import { decodeContent } from '../actions/registry.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import type { Home } from '../home/home.ts'
import { VAULT_COLLECTION } from '../home/vault.ts'
import { unseal } from '../read/unseal.ts'
import type { StoredAction } from '../types.ts'

/** Opens single actions with the keys of the vault, so that the log of none needs to be read. */
export interface ContentOpener {
  /** Returns the content; undefined where the vault has no key that opens it, or not yet. */
  open(action: StoredAction, parsed: ParsedAction): Promise<Content | 'malformed' | undefined>
}

/** Conversations whose keys are remembered. */
const MAX_REMEMBERED = 1024

export function createContentOpener ({ home }: { home: Pick<Home, 'list'> }): ContentOpener {
  const keys = new Map<string, Map<number, Uint8Array[]>>()

  const read = async (name: string): Promise<Map<number, Uint8Array[]>> => {
    const found = new Map<number, Uint8Array[]>()
    for await (const { key, value } of home.list(VAULT_COLLECTION, { within: name })) {
      const epoch = Number(key.split('/')[1])
      // One that is not what its name says opens nothing.
      if (value.byteLength === 32) found.set(epoch, [...found.get(epoch) ?? [], value])
    }
    return found
  }
  const bytesOf = async (id: CID, parsed: ParsedAction): Promise<Uint8Array | undefined> => {
    const name = id.toString()
    const opened = unseal(keys.get(name)?.get(parsed.epoch) ?? [], parsed)
    if (opened !== undefined) return opened
    const fresh = await read(name)
    keys.delete(name)
    keys.set(name, fresh)
    for (const oldest of keys.keys()) {
      if (keys.size <= MAX_REMEMBERED) break
      keys.delete(oldest)
    }
    return unseal(fresh.get(parsed.epoch) ?? [], parsed)
  }
  return {
    async open (action, parsed) {
      // Our own come with their content.
      if ('content' in action && action.content !== undefined) return action.content as Content
      const bytes = await bytesOf(action.conversation, parsed)
      if (bytes === undefined) return undefined
      try {
        return decodeContent(bytes)
      } catch (error) {
        if (error instanceof InvalidBytesError || error instanceof OversizedBytesError) return 'malformed'
        throw error
      }
    }
  }
}
