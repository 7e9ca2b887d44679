import { InvalidBytesError, MAX_AHEAD_MS, type Clock, type Logger, type Store } from '@parley/core'
import { checkPolicyAuthor, comparePolicies, decodePolicy, type Did, type People, type Policy } from '@parley/identity'
import { StalePolicyError } from './errors.ts'
import { viewPolicy, type PolicyView } from './policy-rules.ts'

/** The newest policy of each person, in memory and on the disk. */
export interface Policies {
  get(person: Did): PolicyView | undefined
  /**
   * Verifies a policy of `person` and keeps it when it is newer, durably. One
   * that is kept already is returned.
   *
   * @throws {StalePolicyError} when a newer one is kept
   * @throws {InvalidSignatureError} when its device is no endpoint of the person now, as after it was revoked
   * @throws {InvalidBytesError | OversizedBytesError} when it is none, is somebody else's, or its version lies in the future
   * @throws {StorageUnavailableError}
   */
  learn(person: Did, bytes: Uint8Array): Promise<{ policy: Policy, isNew: boolean }>
}

export interface PoliciesComponents {
  store: Store
  people: People
  clock: Clock
  logger: Logger
}

const PREFIX = '/policy/'

/** Opens the policies under `/policy/`. One whose device was revoked since stays in force until a newer one comes. */
export async function openPolicies ({ store, people, clock, logger }: PoliciesComponents): Promise<Policies> {
  const views = new Map<Did, PolicyView>()
  for await (const { value } of store.entries(PREFIX)) {
    const policy = await decodePolicy(value)
    views.set(policy.person, viewPolicy(policy))
  }
  let queue: Promise<unknown> = Promise.resolve()

  const learn = async (person: Did, bytes: Uint8Array): Promise<{ policy: Policy, isNew: boolean }> => {
    const policy = await decodePolicy(bytes)
    if (policy.person !== person) throw new InvalidBytesError('policy', 'it is of somebody else')
    const kept = views.get(person)?.policy
    if (kept?.cid.equals(policy.cid) === true) return { policy: kept, isNew: false }
    checkPolicyAuthor(policy, await people.list(person), clock.now())
    // A version far ahead could never be replaced.
    if (policy.version.wallMs > clock.now() + MAX_AHEAD_MS) throw new InvalidBytesError('policy', 'its version lies in the future')
    if (kept !== undefined && comparePolicies(policy, kept) < 0) throw new StalePolicyError(person)
    await store.commit([{ type: 'put', key: `${PREFIX}${person}`, value: policy.bytes }], { durable: true })
    views.set(person, viewPolicy(policy))
    logger.info('keeps a newer policy', { person, version: policy.version.wallMs })
    return { policy, isNew: true }
  }

  return {
    get: person => views.get(person),
    async learn (person, bytes) {
      // One after the other, so that the newest is what stays.
      const work = queue.then(async () => await learn(person, bytes))
      queue = work.catch(() => {})
      return await work
    }
  }
}
