import { InvalidArgumentError, raceSignal, type AbortOptions, type Clock } from '@parley/core'
import type { Connection, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from 'libp2p'
import { PeerUnreachableError, type DialAttempt } from '../errors.ts'
import type { PeerTarget } from '../network.ts'
import { dialReason } from './dial-reason.ts'

/** How long an address may keep the next one waiting before both are tried at once. */
const HEAD_START_MS = 250

/** Connects to peers. */
export interface Dialer {
  /** The best open connection to the peer, if there is one: direct before relayed. */
  openConnection(peer: string): Connection | undefined
  /** @throws {PeerUnreachableError} */
  connect(target: PeerTarget, options?: AbortOptions): Promise<Connection>
}

interface SharedDial {
  promise: Promise<Connection>
  addresses: Set<string>
  waiting: number
  controller: AbortController
}

/** Creates a dialler over a libp2p node; calls for one peer at the same time share one attempt. */
export function createDialer ({ libp2p, clock }: { libp2p: Libp2p, clock: Clock }): Dialer {
  const dials = new Map<string, SharedDial>()

  const openConnection = (peer: string): Connection | undefined => {
    const open = libp2p.getConnections(parsePeer(peer)).filter(({ status }) => status === 'open')
    return open.find(({ limits }) => limits === undefined) ?? open[0]
  }

  const share = async (dial: SharedDial, signal: AbortSignal | undefined): Promise<Connection> => {
    dial.waiting++
    try {
      return await raceSignal(dial.promise, signal)
    } finally {
      // The attempt is given up when the last who wanted it has left.
      if (--dial.waiting === 0) dial.controller.abort()
    }
  }

  const begin = (target: PeerTarget): SharedDial => {
    const controller = new AbortController()
    const addresses = new Set(target.addresses)
    const promise = dialAddresses(libp2p, clock, { peer: target.peer, addresses: [...addresses] }, controller.signal)
      .finally(() => { if (dials.get(target.peer)?.promise === promise) dials.delete(target.peer) })
    promise.catch(() => {})
    const dial = { promise, addresses, waiting: 0, controller }
    dials.set(target.peer, dial)
    return dial
  }

  return {
    openConnection,
    async connect (target, { signal } = {}) {
      signal?.throwIfAborted()
      const open = openConnection(target.peer)
      if (open !== undefined) return open
      const shared = dials.get(target.peer)
      if (shared === undefined) return await share(begin(target), signal)
      try {
        return await share(shared, signal)
      } catch (error) {
        const more = target.addresses.filter(address => !shared.addresses.has(address))
        if (signal?.aborted === true || more.length === 0 || (error as Error).name !== 'PeerUnreachableError') throw error
        return await share(dials.get(target.peer) ?? begin({ peer: target.peer, addresses: more }), signal)
      }
    }
  }
}

export function parsePeer (peer: string): PeerId {
  try {
    return peerIdFromString(peer)
  } catch (cause) {
    throw new InvalidArgumentError(`"${peer}" is no peer id`, { cause })
  }
}

/** Tries addresses in order, each with a head start before the next; the first that answers as the right peer wins. */
async function dialAddresses (libp2p: Libp2p, clock: Clock, { peer, addresses }: PeerTarget, signal: AbortSignal): Promise<Connection> {
  const peerId = parsePeer(peer)
  if (libp2p.peerId.equals(peerId)) throw new PeerUnreachableError(peer, [{ address: `/p2p/${peer}`, reason: 'it is this node itself' }])
  const failed: DialAttempt[] = []
  const won = new AbortController()
  const either = AbortSignal.any([won.signal, signal])
  const tries: Promise<Connection | undefined>[] = []
  try {
    for (const address of addresses) {
      const attempt = dialAddress(libp2p, peerId, address, either).catch((error: unknown) => {
        failed.push({ address, reason: dialReason(error) })
        return undefined
      })
      tries.push(attempt)
      const connection = await headStart(attempt, tries, clock)
      if (connection !== undefined) return connection
      signal.throwIfAborted()
    }
    const connection = await firstOf(tries)
    if (connection !== undefined) return connection
  } finally {
    won.abort()
    closeLosers(tries)
  }
  signal.throwIfAborted()
  throw new PeerUnreachableError(peer, addresses.flatMap(address => failed.filter(attempt => attempt.address === address)))
}

async function dialAddress (libp2p: Libp2p, peerId: PeerId, address: string, signal: AbortSignal): Promise<Connection> {
  const connection = await libp2p.dial(dialable(address, peerId), { signal })
  if (connection.remotePeer.equals(peerId)) return connection
  connection.abort(new PeerUnreachableError(peerId.toString(), []))
  throw new InvalidArgumentError(`another peer answered there (${connection.remotePeer.toString()})`)
}

/**
 * Parses an address and takes the peer id off its end: the node joins dials
 * that name one peer, and a failure could not be told by address any more.
 * Who answers is checked after the handshake. A relayed address needs its end.
 */
function dialable (address: string, peerId: PeerId): Multiaddr {
  let parsed: Multiaddr
  try {
    parsed = multiaddr(address)
  } catch {
    throw new InvalidArgumentError('it is no multiaddr')
  }
  const components = parsed.getComponents()
  const relayed = components.some(({ name }) => name === 'p2p-circuit')
  const last = components.at(-1)
  const named = last?.name === 'p2p' ? last.value : undefined
  if (named !== undefined && named !== peerId.toString()) throw new InvalidArgumentError(`it belongs to another peer (${named})`)
  if (relayed) return named === undefined ? parsed.encapsulate(`/p2p/${peerId.toString()}`) : parsed
  return named === undefined ? parsed : parsed.decapsulateCode(0x01a5)
}

async function headStart (attempt: Promise<Connection | undefined>, tries: Promise<Connection | undefined>[], clock: Clock): Promise<Connection | undefined> {
  let cancel: (() => void) | undefined
  const over = new Promise<undefined>(resolve => { cancel = clock.setTimer(() => { resolve(undefined) }, HEAD_START_MS) })
  try {
    // An earlier address may still win while this one has its head start.
    return await Promise.race([attempt, over, winnerOf(tries)])
  } finally {
    cancel?.()
  }
}

/** Resolves with the first connection; never when all fail. */
function winnerOf (tries: Promise<Connection | undefined>[]): Promise<Connection> {
  return new Promise(resolve => {
    for (const attempt of tries) void attempt.then(connection => { if (connection !== undefined) resolve(connection) })
  })
}

async function firstOf (tries: Promise<Connection | undefined>[]): Promise<Connection | undefined> {
  return await Promise.race([winnerOf(tries), Promise.all(tries).then(all => all.find(connection => connection !== undefined))])
}

/** Two addresses may have answered at once: one connection is enough. */
function closeLosers (tries: Promise<Connection | undefined>[]): void {
  void Promise.all(tries).then(async all => {
    const [, ...losers] = new Set(all.filter(connection => connection !== undefined))
    for (const connection of losers) await connection.close()
  }).catch(() => {})
}
