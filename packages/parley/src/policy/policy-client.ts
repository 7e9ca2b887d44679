import { StoppedError, createEmitter, createHybridClock, type AbortOptions, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import { createPolicy, defaultPolicySettings, rolesOf, type DeviceKeys, type Did, type People, type Policy, type PolicySettings } from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from '../routes.ts'
import { offerPolicy } from './exchange.ts'
import { MAX_POLICY_FRAME_BYTES, POLICY_PROTOCOL } from './frames.ts'
import { openPolicies, type Policies } from './policy-store.ts'

export interface PolicyClientEvents extends Record<string, unknown> {
  /** The policy of this person is another one now: changed here, or learned. */
  changed: { policy: Policy }
  /** A proxy has the newest policy on its disk. */
  handed: { proxy: Did }
}

/** A device's hand on its person's policy: changes it, and keeps the person's proxies in step. */
export interface PolicyClient extends Emitter<PolicyClientEvents> {
  readonly policies: Policies
  /** Returns what holds now; the defaults while nothing was decided. */
  settings(): PolicySettings
  /** Returns the newest policy this device knows, if there is one. */
  policy(): Policy | undefined
  /**
   * Signs what `edit` makes of the settings as a newer policy, keeps it durably
   * and hands it to the proxies that are connected; the others get it when they
   * connect. An `edit` that returns what was given changes nothing.
   *
   * @throws {InvalidArgumentError | InvalidBytesError} when the settings cannot be
   */
  change(edit: (settings: PolicySettings) => PolicySettings): Promise<Policy>
  /** Signs the defaults, older than anything that is decided, so that proxies limit strangers although nobody decided anything yet. */
  ensure(): Promise<Policy>
  /** Takes over a policy that came another way, for example by the home log; an older one changes nothing. @throws what `Policies.learn` throws but `StalePolicyError` */
  learn(bytes: Uint8Array): Promise<Policy>
  /** Exchanges with one proxy, now. @throws what `offerPolicy` throws, and {PeerUnreachableError} */
  exchange(proxy: DeviceRoute, options?: AbortOptions): Promise<void>
  stop(): Promise<void>
}

export interface PolicyClientComponents {
  store: Store
  network: Network
  people: People
  keys: DeviceKeys
  clock: Clock
  logger: Logger
}

/** Opens the person's policy on this device; from then on every proxy of theirs that connects is given the newest. */
export async function createPolicyClient (components: PolicyClientComponents, { person }: { person: Did }): Promise<PolicyClient> {
  const { network, people, keys, clock } = components
  const logger = components.logger.child('policy')
  const events = createEmitter<PolicyClientEvents>(logger)
  const policies = await openPolicies({ ...components, logger })
  const stopping = new AbortController()
  const underWay = new Map<Did, Promise<void>>()
  let changing: Promise<unknown> = Promise.resolve()

  const current = (): Policy | undefined => policies.get(person)?.policy
  const settings = (): PolicySettings => {
    const policy = current()
    if (policy === undefined) return defaultPolicySettings()
    const { blocked, contacts, declined, strangers, limits } = policy
    return { blocked: [...blocked], contacts: [...contacts], declined: [...declined], strangers, limits: { ...limits } }
  }
  const sign = async (next: PolicySettings, isDefault = false): Promise<Policy> => {
    const last = current()?.version
    const { wallMs, counter } = isDefault ? { wallMs: 0, counter: 0 } : createHybridClock({ clock }, last === undefined ? {} : { last: { ...last, offsetMinutes: 0 } }).next()
    const { bytes } = await createPolicy(keys.signer, { ...next, person, version: { wallMs, counter } })
    const { policy } = await policies.learn(person, bytes)
    events.emit('changed', { policy })
    return policy
  }
  /** A policy whose device was revoked is taken by no proxy any more: what it says is signed anew. */
  const renew = async (): Promise<void> => {
    const policy = current()
    const list = await people.list(person)
    if (policy === undefined || list === undefined || rolesOf(list, policy.author, clock.now()).includes('endpoint')) return
    await sign(settings())
  }
  const inTurn = async <T> (work: () => Promise<T>): Promise<T> => {
    const done = changing.then(work)
    changing = done.catch(() => {})
    return await done
  }

  const exchange = async (proxy: DeviceRoute, signal: AbortSignal): Promise<void> => {
    await inTurn(renew)
    const stream = await network.open(proxy, POLICY_PROTOCOL, { signal, maxFrameBytes: MAX_POLICY_FRAME_BYTES })
    try {
      const { taken } = await offerPolicy({ ...components, stream, policies }, person, { signal })
      await stream.close()
      events.emit('handed', { proxy: proxy.device })
      if (taken === undefined) return
      events.emit('changed', { policy: taken })
      // The other proxies of the person may not have heard of it yet.
      handToConnected(proxy.device)
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
  }
  /** One exchange with a proxy at a time; what changes meanwhile goes with the next. */
  const inLine = async (proxy: Did, exchanging: () => Promise<void>): Promise<void> => {
    const done = (underWay.get(proxy) ?? Promise.resolve()).then(exchanging)
    const settled: Promise<void> = done.catch(() => {}).finally(() => { if (underWay.get(proxy) === settled) underWay.delete(proxy) })
    underWay.set(proxy, settled)
    await done
  }
  const hand = (proxy: DeviceRoute): void => {
    inLine(proxy.device, async () => {
      if (!stopping.signal.aborted) await exchange(proxy, stopping.signal)
    }).catch((error: unknown) => {
      if (!stopping.signal.aborted) logger.warn('a proxy could not be given the policy', { proxy: proxy.device, error })
    })
  }
  const handToConnected = (except?: Did): void => {
    const connected = new Set(network.peers().map(({ peer }) => peer))
    void devicesWith(people, person, 'proxy', clock.now()).then(proxies => {
      for (const proxy of proxies) if (connected.has(proxy.peer) && proxy.device !== except) hand(proxy)
    }).catch((error: unknown) => { logger.warn('the proxies are not known', { error }) })
  }

  network.on('peer:connect', ({ peer }) => {
    void devicesWith(people, person, 'proxy', clock.now()).then(proxies => {
      const proxy = proxies.find(route => route.peer === peer)
      if (proxy !== undefined) hand(proxy)
    }).catch((error: unknown) => { logger.warn('the proxies are not known', { error }) })
  }, { signal: stopping.signal })

  return {
    on: events.on,
    policies,
    settings,
    policy: current,
    async change (edit) {
      const policy = await inTurn(async () => {
        const before = settings()
        const after = edit(before)
        return after === before ? current() ?? await sign(defaultPolicySettings(), true) : await sign(after)
      })
      handToConnected()
      return policy
    },
    async ensure () {
      const policy = await inTurn(async () => current() ?? await sign(defaultPolicySettings(), true))
      handToConnected()
      return policy
    },
    async learn (bytes) {
      try {
        const { policy, isNew } = await policies.learn(person, bytes)
        if (isNew) {
          events.emit('changed', { policy })
          handToConnected()
        }
        return policy
      } catch (error) {
        const kept = current()
        if ((error as Error).name !== 'StalePolicyError' || kept === undefined) throw error
        return kept
      }
    },
    async exchange (proxy, { signal } = {}) {
      const either = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])
      await inLine(proxy.device, async () => {
        either.throwIfAborted()
        await exchange(proxy, either)
      })
    },
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The policy client'))
      await Promise.allSettled([...underWay.values(), changing])
    }
  }
}
