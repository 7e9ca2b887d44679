import type { AbortOptions, Emitter } from '@parley/core'
import type { ContactCard, Did } from '@parley/identity'
import type { CallRecord } from 'parley'

/** A message that is being spoken to the proxy now. */
export interface CaptureStatus {
  call: string
  from: Did
  fromName?: string | undefined
  startedAt: number
  segments: number
  durationMs: number
  state: 'recording' | 'paused'
}

export interface ProxyStatus {
  device: Did
  name: string
  serves: Array<{ did: Did, name: string }>
  addresses: string[]
  /** What a device opens to take this proxy; present while it serves nobody. */
  claimUrl?: string | undefined
  peers: Array<{ peer: string, address: string, direction: 'inbound' | 'outbound', name?: string | undefined }>
  captures: CaptureStatus[]
  messages: { held: number, total: number }
  conversations: number
  warnings: string[]
}

export interface ProxyEvents extends Record<string, unknown> {
  /** The proxy serves somebody new. */
  served: { did: Did, name: string }
  /** Somebody took the proxy off their device list: it takes nothing for them any more. */
  left: { did: Did, name: string }
  /** A call came or went on. */
  call: CallRecord
}

/** The always-on node that stands in for people who are away. */
export interface Proxy extends Emitter<ProxyEvents> {
  readonly device: Did
  /** Makes a code with which a device takes this proxy for its person; it is good once and expires. */
  claim(): Promise<string>
  /** Whom it serves. */
  served(): Did[]
  /** Tells whether a peer id is a device of somebody it serves. */
  servesPeer(peer: string): Promise<boolean>
  /** Makes a contact card of somebody it serves. @throws {NotServedError} */
  card(person: Did): Promise<ContactCard>
  status(): Promise<ProxyStatus>
  /** Yields the calls it took, oldest first. */
  calls(options?: AbortOptions): AsyncGenerator<CallRecord>
  stop(): Promise<void>
}
