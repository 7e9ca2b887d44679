import type { CancelTimer, Clock, Logger } from '@parley/core'
import type { Home } from '@parley/conversations'
import { rolesOf, type Contacts, type DeviceKeys, type People } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { CardNews } from './card-news.ts'
import { noteSeen } from './own-devices.ts'
import type { OwnList } from './own-list.ts'
import type { SpokenCalls } from './spoken-calls.ts'

export interface KeepHomeComponents {
  home: Home
  ownList: OwnList
  keys: DeviceKeys
  people: People
  contacts: Contacts
  news: CardNews
  calls: Pick<SpokenCalls, 'spread'>
  card(): Promise<{ bytes: Uint8Array }>
  clock: Clock
  logger: Logger
}

/** Keeps the home log with its people: shares its keys, brings what is new in it to the proxies, and tells contacts of a changed device list. */
export interface KeepHome {
  /** Begins the home log where it is ours to begin, and gives its keys to whoever lacks them. */
  ready(): Promise<void>
  stop(): Promise<void>
}

/** Records are written one after the other; one round of syncs serves all of a batch. */
const SETTLE_MS = 200
const LIST = { collection: 'device-list', key: 'newest' } as const

export function keepHome ({ home, ownList, keys, people, contacts, news, calls, card, clock, logger }: KeepHomeComponents, { follow }: { follow: boolean }): KeepHome {
  const stopping = new AbortController()
  const { signal } = stopping
  const underWay = new Set<Promise<void>>()
  let cancelSpread: CancelTimer | undefined

  const run = (what: string, work: () => Promise<unknown>): void => {
    const done = work().then(() => {}, (error: unknown) => { if (!signal.aborted) logger.warn(what, { error }) }).finally(() => underWay.delete(done))
    underWay.add(done)
  }
  const spreadSoon = (): void => {
    cancelSpread ??= clock.setTimer(() => {
      cancelSpread = undefined
      run('the home log could not be brought to the proxies', async () => { await calls.spread(home.id) })
    }, SETTLE_MS)
  }
  /** Who begins a log has to be sure that no other device did: only the one that is alone may. */
  const isAlone = async (): Promise<boolean> => {
    const list = await ownList.current()
    const now = clock.now()
    return list.devices.every(({ device }) => device === keys.did || !rolesOf(list, device, now).includes('endpoint'))
  }
  const hasKeys = async (): Promise<boolean> => {
    for await (const _record of home.list('seen')) return true
    return false
  }
  const ready = async (): Promise<void> => {
    const list = await ownList.current()
    if (!rolesOf(list, keys.did, clock.now()).includes('endpoint')) return
    if (!await isAlone() && !await hasKeys()) return
    await home.share()
    await noteSeen({ home, keys, clock })
    await keepList()
  }

  /** A proxy that shows an old device list has to show the home log as old as that: other devices find in it what they were not told. */
  const keepList = async (): Promise<void> => {
    const { bytes } = await ownList.current()
    const kept = await home.get(LIST.collection, LIST.key)
    if (kept === undefined || !equals(kept, bytes)) await home.put(LIST.collection, LIST.key, bytes)
  }

  home.on('changed', ({ collection, value, local }) => {
    if (local) spreadSoon()
    else if (collection === LIST.collection && value !== undefined) run('a device list in the home log could not be learned', async () => await people.learnList(value))
  }, { signal })
  ownList.on('changed', ({ list, local }) => {
    run('our card could not be renewed', async () => {
      await people.learnCard((await card()).bytes)
      if (!local) return
      await ready()
      const known: string[] = []
      for await (const { did, type } of contacts.list()) if (type !== 'group' && type !== 'team' && type !== 'alias') known.push(did)
      await news.due(known)
      logger.info('our device list changed', { changes: list.size })
      if (follow) await news.flush({ signal })
    })
  }, { signal })
  run('the home log could not be begun', ready)

  return {
    ready,
    async stop () {
      if (signal.aborted) return
      const isDue = cancelSpread !== undefined
      cancelSpread?.()
      await Promise.allSettled(underWay)
      stopping.abort()
      if (isDue) await calls.spread(home.id)
    }
  }
}
