import type { CID, Clock, Logger } from '@parley/core'
import { receiversOf, type Conversations, type Window, type WindowOptions, type Windows } from '@parley/conversations'
import { didFromPeerId, type Did, type People } from '@parley/identity'
import type { Network, PeerTarget } from '@parley/network'
import { NobodyToAskError } from '../errors.ts'
import { devicesWith, type DeviceRoute } from '../routes.ts'

export interface AskWindowComponents {
  network: Pick<Network, 'peers' | 'peerId'>
  people: People
  conversations: Pick<Conversations, 'holder'>
  windows: Pick<Windows, 'window'>
  clock: Clock
  logger: Logger
}

export interface AskWindowOptions extends WindowOptions {
  /** Who is asked. @default our proxies, then the proxies and devices of those who take part, one after the other; of a conversation that is not here at all, people we are connected to */
  from?: PeerTarget | undefined
}

/** Each who is asked learns that we look for the conversation. */
const MAX_ACQUAINTANCES = 4

/** Creates what asks for a stretch of a conversation whoever is first to give it. */
export function createAskWindow ({ network, people, conversations, windows, clock, logger }: AskWindowComponents, person: Did): (conversation: CID, options?: AskWindowOptions) => Promise<Window> {
  /** Who brought word of a conversation that is not here is, most of the time, somebody who has it. */
  const acquaintances = async (): Promise<DeviceRoute[]> => {
    const routes: DeviceRoute[] = []
    for (const { peer } of network.peers()) {
      const device = didFromPeerId(peer)
      if ((await people.personsOf(device)).length > 0) routes.push({ device, name: '', peer, addresses: [] })
    }
    return routes.slice(0, MAX_ACQUAINTANCES)
  }
  const askable = async (conversation: CID): Promise<DeviceRoute[]> => {
    const now = clock.now()
    const others = (await receiversOf(conversations.holder(conversation), [person])).filter(did => did !== person)
    const routes = [...await devicesWith(people, person, 'proxy', now)]
    for (const role of ['proxy', 'endpoint'] as const) {
      for (const did of [person, ...others]) routes.push(...await devicesWith(people, did, role, now))
    }
    if (!await conversations.holder(conversation).exists()) routes.push(...await acquaintances())
    const connected = new Set(network.peers().map(({ peer }) => peer))
    const isNew = ({ peer }: DeviceRoute, index: number): boolean => routes.findIndex(route => route.peer === peer) === index
    return routes.filter(isNew).filter(({ peer, addresses }) => peer !== network.peerId && (addresses.length > 0 || connected.has(peer)))
  }
  return async (conversation, { from, ...options } = {}) => {
    let failure: unknown = new NobodyToAskError()
    for (const target of from === undefined ? await askable(conversation) : [from]) {
      try {
        return await windows.window(conversation, target, options)
      } catch (error) {
        options.signal?.throwIfAborted()
        logger.debug('a part of a conversation was not given', { peer: target.peer, error })
        failure = error
      }
    }
    throw failure
  }
}
