import { withTimeout, type AbortOptions, type CID, type Clock } from '@parley/core'
import { mediaHoldersOf, receiversOf, type Conversations } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from '../routes.ts'

export interface FileRoutesComponents {
  network: Pick<Network, 'peers' | 'peerId' | 'connect'>
  people: People
  conversations: Pick<Conversations, 'holder'>
  clock: Clock
}

/** Those who should keep a file for one person: their proxies, or their devices where they have none. */
export interface Keepers {
  person: Did
  isOwn: boolean
  routes: DeviceRoute[]
}

/** How long a file waits for somebody to be reached before others are asked alone. */
const CONNECT_MS = 5000

/** Who should have a file of a conversation, and who may have it. */
export interface FileRoutes {
  keepers(conversation: CID): Promise<Keepers[]>
  /** Returns who can be asked for a file now: our proxies, those of the others, then the author and the others themselves. */
  holders(conversation: CID, author: Did, options?: AbortOptions): Promise<DeviceRoute[]>
  /** Tells whether somebody can be tried at all. */
  isTriable(route: DeviceRoute): boolean
}

export function createFileRoutes ({ network, people, conversations, clock }: FileRoutesComponents, { person, isOwn }: { person: Did, isOwn: (did: Did) => boolean }): FileRoutes {
  const isConnected = ({ peer }: DeviceRoute): boolean => network.peers().some(connection => connection.peer === peer)
  const isTriable = (route: DeviceRoute): boolean => route.addresses.length > 0 || isConnected(route)
  const isOther = ({ peer }: DeviceRoute): boolean => peer !== network.peerId

  return {
    isTriable,
    async keepers (conversation) {
      const access = await conversations.holder(conversation).access()
      return await Promise.all(access.map(async did => {
        const [own, now] = [isOwn(did), clock.now()]
        const proxies = (await devicesWith(people, did, 'proxy', now)).filter(isOther)
        // Our own devices fetch what they want to have.
        const routes = own || proxies.length > 0 ? proxies : (await devicesWith(people, did, 'endpoint', now)).filter(isOther)
        return { person: did, isOwn: own, routes }
      }))
    },
    async holders (conversation, author, { signal } = {}) {
      const now = clock.now()
      const receivers = await receiversOf(conversations.holder(conversation), [person])
      const asked = await mediaHoldersOf(conversations.holder(conversation), { person, author })
      const persons = [...new Set([person, ...receivers.filter(did => did !== author), ...asked])]
      const routes: DeviceRoute[] = []
      for (const did of persons) routes.push(...await devicesWith(people, did, 'proxy', now))
      for (const did of persons.toReversed()) routes.push(...await devicesWith(people, did, 'endpoint', now))
      const isFirst = ({ peer }: DeviceRoute, index: number): boolean => routes.findIndex(route => route.peer === peer) === index
      const all = routes.filter(isFirst).filter(isOther).filter(isTriable)
      // Each block would wait again for somebody who is not there.
      const reached = await Promise.all(all.map(async route => {
        if (isConnected(route)) return true
        return await withTimeout(network.connect(route, { signal }), 'Reaching somebody who may have a file', CONNECT_MS, clock, { signal }).then(() => true, () => false)
      }))
      signal?.throwIfAborted()
      return all.filter((_route, index) => reached[index])
    }
  }
}
