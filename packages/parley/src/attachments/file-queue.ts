import { type AbortOptions, type CancelTimer, type CID, type Clock, type Logger, type Store } from '@parley/core'
import { pushFile, type Conversations, type Sync } from '@parley/conversations'
import { didFromPeerId, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import type { DeviceRoute } from '../routes.ts'
import { mergeReports } from '../sync-report.ts'
import type { SyncReport } from '../types.ts'
import type { AttachRecords, FileDue } from './attach-records.ts'
import type { FileRoutes } from './file-routes.ts'
import { planRetry, type RetryPlan } from './retry-plan.ts'

export interface FileQueueComponents {
  store: Store
  network: Network
  people: People
  conversations: Pick<Conversations, 'holder'>
  sync: Pick<Sync, 'sync'>
  records: AttachRecords
  routes: FileRoutes
  card(): Promise<{ bytes: Uint8Array }>
  clock: Clock
  logger: Logger
}

/** How far a file is with one who is to keep it, in blocks. */
export interface BringProgress { root: CID, device: Did, acknowledged: number, blocks: number }

export interface FlushOptions extends AbortOptions {
  /** One file alone. */
  root?: CID | undefined
  onProgress?: ((progress: BringProgress) => void) | undefined
}

/** Brings files to those who keep them, now or at the next chance; what is due survives kills. */
export interface FileQueue {
  /** Tries everything that is due with everybody who can be reached; resolves once each was tried. */
  flush(options?: FlushOptions): Promise<SyncReport>
  /** Tries again by itself, and whenever somebody comes, until `stop`. */
  follow(): void
  stop(): Promise<void>
}

/** Who a file is to be brought to, and how a report calls them. */
interface Receiver { route: DeviceRoute, name: string, isOwn: boolean }
interface Errand extends Receiver { due: FileDue }

const EVERY_MS = 30_000
const LEAST_MS = 500
const AT_ONCE = 4
/** Whom nobody could bring a file to for so long fetches it, if at all, from those who have it. */
const GIVE_UP_MS = 30 * 24 * 3_600_000

export function createFileQueue (components: FileQueueComponents, { isBlocked }: { isBlocked: (person: Did) => boolean }): FileQueue {
  const { network, people, sync, records, routes, card, clock, logger } = components
  const stopping = new AbortController()
  const underWay = new Map<string, Promise<string | undefined>>()
  const plans = new Map<string, RetryPlan>()
  const background = new Set<Promise<unknown>>()
  let writing: Promise<unknown> = Promise.resolve()
  let cancel: CancelTimer | undefined
  let isFollowing = false

  const keyOf = ({ root, action }: FileDue, device: Did): string => `${root.toString()} ${action.toString()} ${device}`
  /** One after the other: each reads what the one before wrote. */
  const note = async (due: FileDue, device: Did): Promise<void> => {
    const mine = writing.then(async () => {
      for await (const known of records.due()) {
        if (known.root.equals(due.root) && known.action.equals(due.action)) await records.updateDue({ ...known, done: [...new Set([...known.done, device])] })
      }
    })
    writing = mine.catch(() => {})
    await mine
  }
  /** Returns whom a file is to be brought to still; undefined when nobody is left. */
  const left = async (due: FileDue): Promise<Receiver[] | undefined> => {
    const done = new Set(due.done)
    const receivers: Receiver[] = []
    let isLacking = false
    for (const { person, isOwn, routes: theirs } of await routes.keepers(due.conversation)) {
      if (isBlocked(person)) continue
      if (theirs.length === 0 && !isOwn) isLacking = true
      for (const route of theirs) {
        if (done.has(route.device) || receivers.some(receiver => receiver.route.device === route.device)) continue
        receivers.push({ route, isOwn, name: isOwn ? route.name : (await people.list(person))?.name ?? person })
      }
    }
    return receivers.length > 0 || isLacking ? receivers : undefined
  }
  const bring = async ({ due, route }: Errand, { signal, onProgress }: FlushOptions): Promise<void> => {
    // A holder takes only what the log that it has announces.
    await sync.sync(due.conversation, route, { signal })
    await pushFile(components, due, route, {
      card: (await card()).bytes,
      signal,
      onProgress: progress => { onProgress?.({ root: due.root, device: route.device, ...progress }) }
    })
    await note(due, route.device)
  }
  /** Tries one who is to have a file; returns in words why it did not come to them. */
  const attempt = async (errand: Errand, options: FlushOptions): Promise<string | undefined> => {
    const { due, route } = errand
    const key = keyOf(due, route.device)
    if (!routes.isTriable(route)) {
      plans.delete(key)
      return 'none of their addresses is known'
    }
    const known = underWay.get(key)
    if (known !== undefined) return await known
    const work = bring(errand, options).then(() => {
      plans.delete(key)
      logger.info('a file was brought', { root: due.root.toString(), to: route.device })
      return undefined
    }, async (error: unknown) => {
      options.signal?.throwIfAborted()
      plans.set(key, planRetry(plans.get(key), clock.monotonicNow()))
      const { name, message } = error as Error
      logger.info('a file could not be brought yet', { root: due.root.toString(), to: route.device, reason: message })
      // It was removed here since, so it is to be had nowhere.
      if (name === 'FileUnavailableError') await records.dropDue(due.root)
      return message
    }).finally(() => underWay.delete(key))
    underWay.set(key, work)
    return await work
  }
  const gather = async (isWanted: (due: FileDue, device: Did) => boolean): Promise<Errand[]> => {
    const errands: Errand[] = []
    const all: FileDue[] = []
    for await (const due of records.due()) all.push(due)
    for (const due of all.sort((a, b) => a.sizeBytes - b.sizeBytes)) {
      const rest = await left(due)
      if (rest === undefined || clock.now() - due.at > GIVE_UP_MS) await records.dropDue(due.root, due.action)
      else errands.push(...rest.map(errand => ({ due, ...errand })).filter(({ route }) => isWanted(due, route.device)))
    }
    return errands
  }
  const run = async (isWanted: (due: FileDue, device: Did) => boolean, options: FlushOptions): Promise<SyncReport> => {
    const signal = options.signal === undefined ? stopping.signal : AbortSignal.any([options.signal, stopping.signal])
    signal.throwIfAborted()
    const failures = new Map<Receiver, string | undefined>()
    const rest = (await gather(isWanted)).values()
    const worker = async (): Promise<void> => {
      for (const errand of rest) {
        failures.set(errand, await attempt(errand, { ...options, signal }))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    // What nobody lacks any more leaves the queue, and is planned no longer.
    const live = new Set((await gather(() => true)).map(({ due, route }) => keyOf(due, route.device)))
    for (const key of plans.keys()) if (!live.has(key)) plans.delete(key)
    return mergeReports([...failures].map(([{ name, isOwn }, reason]): SyncReport => {
      if (reason === undefined) return { reached: [name], unreachable: [] }
      return { reached: [], unreachable: [{ who: isOwn ? `Your proxy ${name}` : name, reason }] }
    }))
  }
  const inBackground = (isWanted: (due: FileDue, device: Did) => boolean): void => {
    const work = run(isWanted, {}).then(() => {}, (error: unknown) => { if (!stopping.signal.aborted) logger.warn('files that wait could not be brought', { error }) })
    background.add(work)
    void work.finally(() => {
      background.delete(work)
      later()
    })
  }
  const isRipe = (due: FileDue, device: Did): boolean => (plans.get(keyOf(due, device))?.notBefore ?? 0) <= clock.monotonicNow()
  const later = (): void => {
    cancel?.()
    if (stopping.signal.aborted || !isFollowing) return
    const nextMs = Math.min(...[...plans.values()].map(({ notBefore }) => notBefore - clock.monotonicNow()))
    cancel = clock.setTimer(() => { inBackground(isRipe) }, Math.max(LEAST_MS, Math.min(EVERY_MS, nextMs)))
  }

  return {
    async flush ({ root, ...options } = {}) {
      try {
        return await run(due => root === undefined || root.equals(due.root), options)
      } finally {
        later()
      }
    },
    follow () {
      if (isFollowing) return
      isFollowing = true
      network.on('peer:connect', ({ peer }) => {
        const came = didFromPeerId(peer)
        inBackground((_due, device) => device === came)
      }, { signal: stopping.signal })
      inBackground(() => true)
    },
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort()
      cancel?.()
      await Promise.allSettled([...background, ...underWay.values()])
      await writing
    }
  }
}
