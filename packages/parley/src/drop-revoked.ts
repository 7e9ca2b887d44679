import type { Clock, Logger } from '@parley/core'
import { peerIdFromDid, rolesOf, type People } from '@parley/identity'
import type { Network } from '@parley/network'

/**
 * Breaks off whoever a device list has just shut out: streams that were opened
 * while the device had a role would go on, and news with them. Whatever it
 * opens next is judged by the new list. Returns what ends this.
 */
export function dropRevoked ({ people, network, clock, logger }: { people: People, network: Network, clock: Clock, logger: Logger }): () => void {
  return people.on('changed', ({ list }) => {
    const connected = new Set(network.peers().map(({ peer }) => peer))
    for (const { device, revoked } of list.devices) {
      if (revoked === undefined || rolesOf(list, device, clock.now()).length > 0) continue
      const peer = peerIdFromDid(device)
      if (!connected.has(peer) || peer === network.peerId) continue
      logger.info('a device was revoked', { person: list.person, device })
      network.disconnect(peer)
    }
  })
}
