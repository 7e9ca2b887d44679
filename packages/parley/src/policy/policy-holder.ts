import { StoppedError, createEmitter, withTimeout, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import type { Did, People, Policy } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { answerPolicy } from './exchange.ts'
import { MAX_POLICY_FRAME_BYTES, POLICY_PROTOCOL, policyFrameCodec, refusalFrame } from './frames.ts'
import { openPolicies, type Policies } from './policy-store.ts'

export interface PolicyHolderEvents extends Record<string, unknown> {
  /** A device handed over a newer policy; it is on the disk. */
  changed: { policy: Policy }
}

/** What a proxy keeps of the policies of the people it serves. */
export interface PolicyHolder extends Emitter<PolicyHolderEvents> {
  readonly policies: Policies
  stop(): Promise<void>
}

export interface PolicyHolderComponents {
  store: Store
  network: Network
  people: People
  clock: Clock
  logger: Logger
}

/** How long an answer to a peer that is refused may take. */
const FAREWELL_TIMEOUT_MS = 2000
/** Streams of one device at a time. */
const MAX_STREAMS_PER_PEER = 2

/** Opens the policies kept here and answers devices on `/parley/policy/1`. */
export async function createPolicyHolder (components: PolicyHolderComponents, { serves }: { serves: () => readonly Did[] }): Promise<PolicyHolder> {
  const { network, clock } = components
  const logger = components.logger.child('policy')
  const events = createEmitter<PolicyHolderEvents>(logger)
  const policies = await openPolicies({ ...components, logger })
  const stopping = new AbortController()

  const refuse = async (stream: FrameStream, error: Error): Promise<void> => {
    logger.warn('a policy exchange was refused', { peer: stream.peer, error })
    await withTimeout(stream.send(policyFrameCodec.encode(refusalFrame(error))), 'Refusing a stream', FAREWELL_TIMEOUT_MS, clock).catch(() => { stream.abort(error) })
  }

  const unhandle = await network.handle(POLICY_PROTOCOL, async stream => {
    try {
      const { taken } = await answerPolicy({ ...components, stream, policies }, serves, { signal: stopping.signal })
      if (taken !== undefined) events.emit('changed', { policy: taken })
    } catch (error) {
      await refuse(stream, error as Error)
    }
    await stream.close()
  }, { maxFrameBytes: MAX_POLICY_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })

  return {
    on: events.on,
    policies,
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The policy holder'))
      await unhandle()
    }
  }
}
