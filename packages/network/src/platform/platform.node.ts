import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import type { Libp2pOptions } from 'libp2p'

/** Ways to reach others from Node: TCP between nodes, WebSockets for browsers, relayed where neither can. */
export function platformTransports (): NonNullable<Libp2pOptions['transports']> {
  return [tcp(), webSockets(), circuitRelayTransport()]
}
