import type { Logger, Store } from '@parley/core'
import type { Mailbox } from '@parley/conversations'
import type { DeviceList, Did, People } from '@parley/identity'
import { MAILBOX_KINDS } from 'parley'
import type { Policing } from './policing.ts'

export interface ListNewsComponents {
  store: Store
  people: People
  mailbox: Mailbox
  policing: Pick<Policing, 'admission'>
  logger: Logger
}

/**
 * Tells the devices of the people served of every device list that grew of
 * somebody they know. A revocation has to reach them although no conversation
 * has anything new. What was held for a device that
 * is no more is released. Returns what ends this.
 */
export function openListNews ({ store, people, mailbox, policing, logger }: ListNewsComponents, { served }: { served: () => Did[] }): { stop(): Promise<void> } {
  const underWay = new Set<Promise<void>>()

  // Their own list comes to their devices with the home log, that of somebody who only writes to them with what is written.
  const isFor = (person: Did, about: Did): boolean => person !== about && policing.admission.standing(person, about) === 'contact'
  const tell = async ({ person: about, bytes }: DeviceList): Promise<void> => {
    for (const person of served()) {
      if (!isFor(person, about)) continue
      const changes = await mailbox.put(person, { kind: MAILBOX_KINDS.list, payload: bytes, from: about })
      if (changes.length === 0) continue
      await store.commit(changes, { durable: true })
      await mailbox.announce(person)
    }
    if (served().includes(about)) await mailbox.sweep()
  }
  const off = people.on('changed', ({ list }) => {
    const work = tell(list).catch((error: unknown) => { logger.warn('a changed device list could not be passed on', { person: list.person, error }) }).finally(() => underWay.delete(work))
    underWay.add(work)
  })
  return {
    async stop () {
      off()
      await Promise.allSettled(underWay)
    }
  }
}
