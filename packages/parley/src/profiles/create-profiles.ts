import { createEmitter, type AbortOptions, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Contacts, DeviceKeys, Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { createOwnProfile, type OwnProfile, type OwnProfileEvents } from './own-profile.ts'
import { createProfileReader, type ProfileReader, type ProfileReaderEvents } from './profile-reader.ts'
import { createProfileServer } from './profile-server.ts'

export interface ProfilesEvents extends Record<string, unknown> {
  /** What is known of somebody else is another than before. */
  changed: ProfileReaderEvents['changed']
  mine: OwnProfileEvents['mine']
  handed: OwnProfileEvents['handed']
}

/** What this device's person tells of themselves, and what others tell them. */
export interface Profiles extends Emitter<ProfilesEvents>, Pick<OwnProfile, 'mine' | 'set' | 'addPhoto' | 'reseal' | 'learn' | 'bundle' | 'hand'>, Pick<ProfileReader, 'of' | 'photo' | 'forget'> {
  /** Returns the names in the public part of somebody's profile: what `verifyName` asks for. Undefined when there is none. */
  namesOf(person: Did, options?: AbortOptions): Promise<string[] | undefined>
  stop(): Promise<void>
}

export interface ProfilesComponents {
  store: Store
  network: Network
  people: People
  contacts: Contacts
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Returns whom the person has written with, the most important first. */
  correspondents: () => Promise<Did[]>
}

/**
 * Opens the profiles of a device: answers others on `/parley/profile/1`, keeps
 * the person's proxies in step, and seals anew when contacts or anybody's
 * devices come or go. After somebody became a correspondent call `reseal`. Of a
 * contact who is deleted the copy goes too.
 */
export async function createProfiles (components: ProfilesComponents, { person }: { person: Did }): Promise<Profiles> {
  const { contacts, people, logger: parent } = components
  const logger = parent.child('profiles')
  const events = createEmitter<ProfilesEvents>(logger)
  const server = await createProfileServer(components, { serves: () => [person] })
  const own = createOwnProfile({ ...components, bundles: server.bundles, logger }, { person })
  const reader = createProfileReader({ ...components, logger })
  const stopping = new AbortController()
  const forgetting = new Set<Promise<void>>()
  let resealing: Promise<void> | undefined
  let isDue = false
  const { signal } = stopping

  own.on('mine', event => { events.emit('mine', event) }, { signal })
  own.on('handed', event => { events.emit('handed', event) }, { signal })
  reader.on('changed', event => { events.emit('changed', event) }, { signal })
  // Another device of the person brought its bundle straight to this one.
  server.on('changed', () => { void own.mine().then(settings => { events.emit('mine', { settings }) }, (error: unknown) => { logger.warn('the profile cannot be read', { error }) }) }, { signal })
  const resealAll = async (): Promise<void> => {
    while (isDue && !signal.aborted) {
      isDue = false
      await own.reseal().catch((error: unknown) => { logger.warn('the profile could not be sealed anew', { error }) })
    }
    resealing = undefined
  }
  /** However many contacts or devices come and go at once, what is due is looked at once more after them. */
  const resealSoon = (): void => {
    isDue = true
    resealing ??= resealAll()
  }
  contacts.on('changed', ({ did, contact, before }) => {
    if (contact?.status !== before?.status) resealSoon()
    if (contact !== undefined) return
    // Deleted, perhaps on another device of the person.
    const work = reader.forget(did).catch((error: unknown) => { logger.warn('the profile of a deleted contact could not be erased', { did, error }) }).finally(() => { forgetting.delete(work) })
    forgetting.add(work)
  }, { signal })
  people.on('changed', resealSoon, { signal })

  return {
    on: events.on,
    mine: own.mine,
    set: own.set,
    addPhoto: own.addPhoto,
    reseal: own.reseal,
    learn: own.learn,
    bundle: own.bundle,
    hand: own.hand,
    of: reader.of,
    photo: reader.photo,
    forget: reader.forget,
    namesOf: async (did, options) => {
      const profile = await reader.of(did, options)
      return profile === undefined ? undefined : profile.tiers.public?.names ?? []
    },
    async stop () {
      if (signal.aborted) return
      stopping.abort()
      await resealing
      await Promise.allSettled(forgetting)
      await reader.stop()
      await own.stop()
      await server.stop()
    }
  }
}
