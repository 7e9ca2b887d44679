import { InvalidBytesError, MAX_AHEAD_MS, type Clock, type Logger, type Store } from '@parley/core'
import { checkProfileAuthor, compareProfiles, decodeProfileBundle, type Did, type People, type ProfileBundle } from '@parley/identity'
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

const PREFIX = '/profiles/bundle/'

/** Opens the bundles under `/profiles/bundle/`. */
export async function openBundles ({ store, people, clock, logger }: BundlesComponents): Promise<Bundles> {
  const bundles = new Map<Did, ProfileBundle>()
  for await (const { key, value } of store.entries(PREFIX)) {
    try {
      const bundle = await decodeProfileBundle(value)
      bundles.set(bundle.person, bundle)
    } catch (error) {
      // Its person's devices have it too and bring it again.
      logger.warn('a kept profile cannot be read', { key, error })
    }
  }
  let queue: Promise<unknown> = Promise.resolve()

  const learn = async (person: Did, bytes: Uint8Array): Promise<{ bundle: ProfileBundle, isNew: boolean }> => {
    const bundle = await decodeProfileBundle(bytes)
    if (bundle.person !== person) throw new InvalidBytesError('profile bundle', 'it is of somebody else')
    const kept = bundles.get(person)
    if (kept?.cid.equals(bundle.cid) === true) return { bundle: kept, isNew: false }
    const list = await people.list(person)
    checkProfileAuthor(bundle, list, clock.now())
    checkProfileAuthor(bundle.public, list, clock.now())
    // A version far ahead could never be replaced.
    for (const { wallMs } of [bundle.version, bundle.public.version]) {
      if (wallMs > clock.now() + MAX_AHEAD_MS) throw new InvalidBytesError('profile bundle', 'its version lies in the future')
    }
    if (kept !== undefined && compareProfiles(bundle, kept) < 0) throw new StaleProfileError(person)
    await store.commit([{ type: 'put', key: PREFIX + person, value: bundle.bytes }], { durable: true })
    bundles.set(person, bundle)
    logger.info('keeps a newer profile', { person, version: bundle.version.wallMs })
    return { bundle, isNew: true }
  }

  return {
    get: person => bundles.get(person),
    async learn (person, bytes) {
      // One after the other, so that the newest is what stays.
      const work = queue.then(async () => await learn(person, bytes))
      queue = work.catch(() => {})
      return await work
    }
  }
}
