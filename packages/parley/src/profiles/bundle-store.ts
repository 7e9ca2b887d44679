import type { Clock, Logger, Store } from '@parley/core'
import { checkProfileAuthor, compareProfiles, decodeProfileBundle, type Did, type People, type ProfileBundle } from '@parley/identity'
import { openNewestOfEach } from '../newest-of-each.ts'
import { StaleProfileError } from './errors.ts'

/** The newest bundle of each person served, in memory and on the disk. */
export interface Bundles {
  get(person: Did): ProfileBundle | undefined
  /**
   * Verifies a bundle of `person` and keeps it when it is newer, durably. One that is kept already is returned.
   *
   * @throws {StaleProfileError} when a newer one is kept
   * @throws {InvalidSignatureError} when a device that signed it is no endpoint of the person now
   * @throws {InvalidBytesError | OversizedBytesError} when it is none, is somebody else's, or its version lies in the future
   * @throws {StorageUnavailableError}
   */
  learn(person: Did, bytes: Uint8Array): Promise<{ bundle: ProfileBundle, isNew: boolean }>
}

export interface BundlesComponents {
  store: Store
  people: People
  clock: Clock
  logger: Logger
}

/** Opens the bundles under `/profiles/bundle/`. */
export async function openBundles ({ store, people, clock, logger }: BundlesComponents): Promise<Bundles> {
  const newest = await openNewestOfEach<ProfileBundle>({ store, clock, logger }, {
    what: 'profile bundle',
    prefix: '/profiles/bundle/',
    decode: decodeProfileBundle,
    async checkAuthor (bundle) {
      const list = await people.list(bundle.person)
      checkProfileAuthor(bundle, list, clock.now())
      checkProfileAuthor(bundle.public, list, clock.now())
    },
    compare: compareProfiles,
    versions: bundle => [bundle.version, bundle.public.version],
    stale: person => new StaleProfileError(person),
    // Its person's devices have it too and bring it again.
    unreadable (key, error) { logger.warn('a kept profile cannot be read', { key, error }) }
  })
  return {
    get: newest.get,
    async learn (person, bytes) {
      const { item: bundle, isNew } = await newest.learn(person, bytes)
      return { bundle, isNew }
    }
  }
}
