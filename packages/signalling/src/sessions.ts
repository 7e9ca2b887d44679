import { StoppedError, TimeoutError, withTimeout, type Clock, type Logger } from '@parley/core'
import { didFromPeerId, peerIdFromDid, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { MAX_SIGNAL_FRAME_BYTES, acceptSession, openSession, type SignalSession } from './signal-session.ts'
import { SIGNAL_PROTOCOL } from './stream-hello.ts'

/** How long opening a stream, or the other end's hello, may take. */
const OPEN_TIMEOUT_MS = 10_000
const MAX_STREAMS_PER_PEER = 4
/** Sessions held at once; a stranger beyond is turned away, the topic stays. */
const MAX_SESSIONS = 4096

/** The device to talk to, and the person on whose list it stands. */
export interface SessionTarget { person: Did, device: Did, sealing: Uint8Array }

/** The open direct streams, one or more per device, kept and reused. */
export interface Sessions {
  /** Returns the newest open session with a device. */
  find(device: Did): SignalSession | undefined
  /** Opens one in the background unless one is open or on its way; `onOpen` is told. */
  ensure(target: SessionTarget): Promise<SignalSession | undefined>
  stop(): Promise<void>
}

interface Components { network: Network, people: People, device: DeviceKeys, clock: Clock, logger: Logger }

interface Listeners {
  /** The next block is read when this has settled; never rejects. */
  onBlock(block: Uint8Array, device: Did, session: SignalSession): Promise<void>
  onOpen(device: Did): void
  /** A stream ended because of what came over it. */
  onBroken(error: Error, peer: string): void
}

/** Answers signal streams of others and opens our own. */
export async function createSessions (components: Components, listeners: Listeners): Promise<Sessions> {
  const { network, people, clock, logger } = components
  const open = new Map<Did, Set<SignalSession>>()
  const dialling = new Map<Did, Promise<SignalSession | undefined>>()
  const stopping = new AbortController()
  let count = 0

  const run = async (session: SignalSession, device: Did): Promise<void> => {
    const sessions = open.get(device) ?? new Set()
    open.set(device, sessions.add(session))
    count++
    listeners.onOpen(device)
    try {
      for await (const block of session.receive()) await listeners.onBlock(block, device, session)
      await session.close()
    } catch (error) {
      session.abort(error as Error)
      if (!session.signal.aborted || isRefusal(error)) listeners.onBroken(error as Error, session.peer)
      else logger.debug('a signal stream broke', { peer: session.peer, error })
    } finally {
      count--
      sessions.delete(session)
      if (sessions.size === 0) open.delete(device)
    }
  }

  const dial = async ({ person, device, sealing }: SessionTarget): Promise<SignalSession | undefined> => {
    const peer = peerIdFromDid(device)
    const timeout = new AbortController()
    const signal = AbortSignal.any([timeout.signal, stopping.signal])
    const cancel = clock.setTimer(() => { timeout.abort(new TimeoutError(`Opening a signal stream to ${peer}`, OPEN_TIMEOUT_MS)) }, OPEN_TIMEOUT_MS)
    let stream: FrameStream | undefined
    try {
      const addresses = (await people.routes(person)).flatMap(route => route.device === device ? route.addresses : [])
      stream = await network.open({ peer, addresses }, SIGNAL_PROTOCOL, { signal, maxFrameBytes: MAX_SIGNAL_FRAME_BYTES })
      const session = await openSession(components, stream, sealing)
      void run(session, device)
      return session
    } catch (error) {
      stream?.abort(error as Error)
      logger.debug('no direct stream', { peer, error })
      return undefined
    } finally {
      cancel()
    }
  }

  const find = (device: Did): SignalSession | undefined => {
    const sessions = open.get(device)
    return sessions === undefined ? undefined : [...sessions].findLast(session => !session.signal.aborted)
  }

  const unhandle = await network.handle(SIGNAL_PROTOCOL, async stream => {
    if (count >= MAX_SESSIONS) throw new StoppedError('Taking further signal streams')
    const session = await withTimeout(acceptSession(components, stream, { signal: stopping.signal }), 'The hello of a signal stream', OPEN_TIMEOUT_MS, clock)
      .catch((error: unknown) => {
        if (isRefusal(error)) listeners.onBroken(error as Error, stream.peer)
        throw error
      })
    await run(session, didFromPeerId(stream.peer))
  }, { maxFrameBytes: MAX_SIGNAL_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })

  return {
    find,
    async ensure (target) {
      const session = find(target.device)
      if (session !== undefined || stopping.signal.aborted) return session
      const begun = dialling.get(target.device) ?? dial(target).finally(() => { dialling.delete(target.device) })
      dialling.set(target.device, begun)
      return await begun
    },
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('Signalling'))
      await unhandle()
      await Promise.allSettled([...open.values()].flatMap(sessions => [...sessions].map(async session => { await session.close() })))
      for (const sessions of open.values()) for (const session of sessions) session.abort(new StoppedError('Signalling'))
    }
  }
}

/** Tells what a peer sent apart from a connection that went away. */
function isRefusal (error: unknown): boolean {
  return ['InvalidBytesError', 'OversizedBytesError', 'UndecryptableError'].includes((error as Error).name)
}
