import type { Clock, Logger, Store } from '@parley/core'
import { checkPolicyAuthor, comparePolicies, decodePolicy, type Did, type People, type Policy } from '@parley/identity'
import { openNewestOfEach } from '../newest-of-each.ts'
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

/** Opens the policies under `/policy/`. One whose device was revoked since stays in force until a newer one comes. */
export async function openPolicies ({ store, people, clock, logger }: PoliciesComponents): Promise<Policies> {
  const views = new WeakMap<Policy, PolicyView>()
  const newest = await openNewestOfEach<Policy>({ store, clock, logger }, {
    what: 'policy',
    prefix: '/policy/',
    decode: decodePolicy,
    async checkAuthor (policy) { checkPolicyAuthor(policy, await people.list(policy.person), clock.now()) },
    compare: comparePolicies,
    versions: ({ version }) => [version],
    stale: person => new StalePolicyError(person)
  })
  return {
    get (person) {
      const policy = newest.get(person)
      if (policy === undefined) return undefined
      const view = views.get(policy) ?? viewPolicy(policy)
      views.set(policy, view)
      return view
    },
    async learn (person, bytes) {
      const { item: policy, isNew } = await newest.learn(person, bytes)
      return { policy, isNew }
    }
  }
}
