import { bytesSchema, countSchema, createCodec, type Logger, type Store } from '@parley/core'
import { MAX_PROFILE_BLOCK_BYTES, decodeProfileBlock, type Did } from '@parley/identity'
import * as z from 'zod/mini'
import type { KnownTiers } from './take-answer.ts'

/** A copy of somebody's profile. */
export interface KeptProfile {
  /** When it was last confirmed by the person's devices or proxies, by our clock. */
  fetchedAt: number
  tiers: KnownTiers
}

/** The copies of others' profiles on this device. */
export interface KeptProfiles {
  get(person: Did): Promise<KeptProfile | undefined>
  put(person: Did, profile: KeptProfile): Promise<void>
  delete(person: Did): Promise<void>
}

const PREFIX = '/profiles/of/'
/** Decoding verifies signatures, which a list of names should not wait for. */
const IN_MEMORY = 256

const codec = createCodec('kept profile', z.strictObject({
  v: z.literal(1),
  fetchedAt: countSchema(),
  blocks: z.array(bytesSchema({ maxBytes: MAX_PROFILE_BLOCK_BYTES })).check(z.minLength(1), z.maxLength(3))
}), { maxBytes: 3 * MAX_PROFILE_BLOCK_BYTES + 256 })

/** Creates the copies kept in `store`, under `/profiles/of/`. One that cannot be read counts as none. */
export function createKeptProfiles ({ store, logger }: { store: Store, logger: Logger }): KeptProfiles {
  const memory = new Map<Did, KeptProfile>()
  const remember = (person: Did, profile: KeptProfile): KeptProfile => {
    memory.delete(person)
    memory.set(person, profile)
    const [oldest] = memory.keys()
    if (memory.size > IN_MEMORY && oldest !== undefined) memory.delete(oldest)
    return profile
  }
  return {
    async get (person) {
      const known = memory.get(person)
      if (known !== undefined) return known
      const bytes = await store.get(PREFIX + person)
      if (bytes === undefined) return undefined
      try {
        const { fetchedAt, blocks } = codec.decode(bytes)
        const tiers: KnownTiers = {}
        for (const block of await Promise.all(blocks.map(decodeProfileBlock))) if (block.person === person) tiers[block.tier] = block
        return remember(person, { fetchedAt, tiers })
      } catch (error) {
        logger.warn('a kept profile cannot be read', { person, error })
        return undefined
      }
    },
    async put (person, profile) {
      const blocks = Object.values(profile.tiers).map(({ bytes }) => bytes.slice())
      await store.commit([{ type: 'put', key: PREFIX + person, value: codec.encode({ v: 1, fetchedAt: profile.fetchedAt, blocks }) }])
      remember(person, profile)
    },
    async delete (person) {
      await store.commit([{ type: 'delete', key: PREFIX + person }], { durable: true })
      memory.delete(person)
    }
  }
}
