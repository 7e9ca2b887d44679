import { createEmitter, sleep, type AbortOptions, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import { followMailbox, type MailboxItem, type Sync } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from './routes.ts'
import type { OwnProxy, SyncReport } from './types.ts'

export interface OwnProxiesComponents {
  store: Store
  network: Network
  people: People
  /** Whose device this is. */
  person: Did
  sync: Sync
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Persons under whose former keys a proxy may still hold something for us. */
  formers(): Did[]
  /** Called when a proxy is connected, before anything is exchanged with it; a failure is logged. */
  introduce(proxy: DeviceRoute, options: AbortOptions): Promise<void>
  /** Deals with what a proxy holds for us; the proxy lets go of it once this resolves. */
  handle(item: MailboxItem, proxy: DeviceRoute): Promise<'refused' | undefined>
}

/** Keeps this device in step with the proxies of its person. */
export interface OwnProxies extends Emitter<{ proxy: OwnProxy }> {
  list(): Promise<OwnProxy[]>
  /** Exchanges conversations with every proxy and takes everything that waits there. */
  sync(options?: AbortOptions): Promise<SyncReport>
  /** Stays connected to every proxy until `stop`. */
  follow(): void
  stop(): Promise<void>
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000

export function createOwnProxies (components: OwnProxiesComponents): OwnProxies {
  const { people, person, sync, clock, logger } = components
  const events = createEmitter<{ proxy: OwnProxy }>(logger)
  const states = new Map<Did, OwnProxy>()
  const stopping = new AbortController()
  const followers = new Map<Did, Promise<void>>()
  let following = false

  const note = (route: DeviceRoute, state: OwnProxy['state'], reason?: string): void => {
    const before = states.get(route.device)
    const proxy: OwnProxy = { device: route.device, name: route.name, addresses: route.addresses, state, ...(reason === undefined ? {} : { reason }) }
    states.set(route.device, proxy)
    if (before?.state !== state) events.emit('proxy', proxy)
  }

  const routes = async (): Promise<DeviceRoute[]> => await devicesWith(people, person, 'proxy', clock.now())

  /** Follows one proxy until the stream ends. Without `live` that is when nothing more waits. */
  const visit = async (route: DeviceRoute, live: boolean, signal: AbortSignal): Promise<void> => {
    await components.network.connect(route, { signal })
    await components.introduce(route, { signal }).catch((error: unknown) => {
      signal.throwIfAborted()
      logger.warn('a proxy could not be told who we are', { proxy: route.device, error })
    })
    const { outcomes } = await sync.syncAll(route, { signal })
    for (const outcome of outcomes) if (!outcome.ok) logger.warn('a conversation could not be synced', { conversation: outcome.conversation.toString(), error: outcome.error })
    note(route, 'connected')
    const onItem = async (item: MailboxItem): Promise<'refused' | undefined> => await components.handle(item, route)
    const ended = new AbortController()
    // What comes for an old key lies in a mailbox of its own; a proxy that keeps none any more says so.
    const formers = components.formers().map(async former => {
      await followMailbox({ ...components, person: former }, route, { live, signal: AbortSignal.any([signal, ended.signal]), onItem }).catch((error: unknown) => { logger.debug('the mailbox of a former key is not followed', { proxy: route.device, error }) })
    })
    if (!live) await Promise.all(formers)
    await followMailbox(components, route, { live, signal, onItem }).finally(() => { ended.abort() })
    await Promise.all(formers)
  }

  const keepFollowing = async (route: DeviceRoute): Promise<void> => {
    let retryMs = FIRST_RETRY_MS
    while (!stopping.signal.aborted) {
      const startedMs = clock.monotonicNow()
      const failure = await visit(route, true, stopping.signal).then(() => 'the proxy closed the connection', reasonOf)
      if (stopping.signal.aborted) return
      note(route, states.get(route.device)?.state === 'connected' ? 'reconnecting' : 'unreachable', failure)
      // A connection that held for a while was a good one: start over with short waits.
      if (clock.monotonicNow() - startedMs > LAST_RETRY_MS) retryMs = FIRST_RETRY_MS
      await sleep(retryMs, clock, { signal: stopping.signal }).catch(() => {})
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2)
    }
  }

  const followAll = async (): Promise<void> => {
    for (const route of await routes()) {
      if (!followers.has(route.device)) followers.set(route.device, keepFollowing(route))
    }
  }

  return {
    on: events.on.bind(events),
    async list () {
      return (await routes()).map(route => states.get(route.device) ?? { device: route.device, name: route.name, addresses: route.addresses, state: 'unreachable', reason: 'not tried yet' })
    },
    async sync ({ signal } = {}) {
      const either = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])
      const report: SyncReport = { reached: [], unreachable: [] }
      await Promise.all((await routes()).map(async route => {
        const failure = await visit(route, false, either).then(() => undefined, reasonOf)
        either.throwIfAborted()
        if (failure === undefined) report.reached.push(route.name)
        else {
          note(route, 'unreachable', failure)
          report.unreachable.push({ who: `Your proxy ${route.name}`, reason: failure })
        }
      }))
      if (following) await followAll()
      return report
    },
    follow () {
      following = true
      void followAll()
    },
    async stop () {
      stopping.abort()
      await Promise.allSettled(followers.values())
    }
  }
}

function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
