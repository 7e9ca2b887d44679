import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import type { Libp2pOptions } from 'libp2p'
import { keepInitChannelEvents } from './init-channel.ts'

/** Ways to reach others from a page: WebSockets to nodes, WebRTC between pages, introduced by a relay. */
export function platformTransports (): NonNullable<Libp2pOptions['transports']> {
  keepInitChannelEvents()
  // The default list names public STUN servers: nobody is asked unless the operator names them.
  return [webSockets(), webRTC({ rtcConfiguration: { iceServers: [] } }), circuitRelayTransport()]
}
