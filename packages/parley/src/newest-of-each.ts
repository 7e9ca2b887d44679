import { InvalidBytesError, MAX_AHEAD_MS, type CID, type Clock, type Logger, type Store } from '@parley/core'
import type { Did } from '@parley/identity'

/** Something that a person signs anew from time to time, and of which the newest counts. */
export interface SignedVersion {
  readonly person: Did
  /** Wall milliseconds, and what orders it further. */
  readonly version: { wallMs: number }
  readonly bytes: Uint8Array
  readonly cid: CID
}

/** What is kept of one kind of it. */
export interface SignedKind<T extends SignedVersion> {
  /** What it is, in words. */
  readonly what: string
  /** Where it is kept, each under its person. */
  readonly prefix: string
  decode(bytes: Uint8Array): Promise<T>
  /** @throws {InvalidSignatureError} when a device that signed it is no endpoint of the person now */
  checkAuthor(item: T): Promise<void>
  /** Negative when the first is older. */
  compare(a: T, b: T): number
  /** All versions in it; none may lie in the future. */
  versions(item: T): Array<{ wallMs: number }>
  /** The error for one that is older than what is kept. */
  stale(person: Did): Error
  /** Called with what was kept and cannot be read any more, which is then passed over. Without it opening fails. */
  unreadable?(key: string, error: unknown): void
}

/** The newest of each person, in memory and on the disk. */
export interface NewestOfEach<T> {
  get(person: Did): T | undefined
  /**
   * Verifies one of `person` and keeps it when it is newer, durably. One that is kept already is returned.
   *
   * @throws {InvalidSignatureError | InvalidBytesError | OversizedBytesError | StorageUnavailableError} and the kind's `stale`
   */
  learn(person: Did, bytes: Uint8Array): Promise<{ item: T, isNew: boolean }>
}

export async function openNewestOfEach<T extends SignedVersion> ({ store, clock, logger }: { store: Store, clock: Clock, logger: Logger }, kind: SignedKind<T>): Promise<NewestOfEach<T>> {
  const newest = new Map<Did, T>()
  for await (const { key, value } of store.entries(kind.prefix)) {
    try {
      const item = await kind.decode(value)
      newest.set(item.person, item)
    } catch (error) {
      if (kind.unreadable === undefined) throw error
      kind.unreadable(key, error)
    }
  }
  let queue: Promise<unknown> = Promise.resolve()

  const learn = async (person: Did, bytes: Uint8Array): Promise<{ item: T, isNew: boolean }> => {
    const item = await kind.decode(bytes)
    if (item.person !== person) throw new InvalidBytesError(kind.what, 'it is of somebody else')
    const kept = newest.get(person)
    if (kept?.cid.equals(item.cid) === true) return { item: kept, isNew: false }
    await kind.checkAuthor(item)
    // A version far ahead could never be replaced.
    for (const { wallMs } of kind.versions(item)) {
      if (wallMs > clock.now() + MAX_AHEAD_MS) throw new InvalidBytesError(kind.what, 'its version lies in the future')
    }
    if (kept !== undefined && kind.compare(item, kept) < 0) throw kind.stale(person)
    await store.commit([{ type: 'put', key: kind.prefix + person, value: item.bytes }], { durable: true })
    newest.set(person, item)
    logger.info(`keeps a newer ${kind.what}`, { person, version: item.version.wallMs })
    return { item, isNew: true }
  }
  return {
    get: person => newest.get(person),
    async learn (person, bytes) {
      // One after the other, so that the newest is what stays.
      const work = queue.then(async () => await learn(person, bytes))
      queue = work.catch(() => {})
      return await work
    }
  }
}
