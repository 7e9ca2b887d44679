import type { CID } from '@parley/core'
import type { Conversation } from '@parley/conversations'
import type { Did } from '@parley/identity'
import type { CallOptions, SpokenAudio, VoiceCall } from './types.ts'
import { startVoiceCall, type OwnVoiceCall, type VoiceCallComponents } from './voice-call.ts'

export interface SpokenCallsComponents extends VoiceCallComponents {
  /** Told whenever the number of calls under way changes. */
  onCount(calls: number): void
}

/** The calls in which this device speaks. */
export interface SpokenCalls {
  speakTo(to: Did, conversation: Conversation, audio: SpokenAudio, options: CallOptions): Promise<VoiceCall>
  /** Gives a conversation's news to whoever should have it; failures are logged and tried again later. */
  spread(conversation: CID): Promise<void>
  /** Closes what is being said as cut off, to go out later. */
  stop(): Promise<void>
}

export function createSpokenCalls (components: SpokenCallsComponents, person: Did): SpokenCalls {
  const { courier, logger } = components
  const calls = new Set<OwnVoiceCall>()
  const spreading = new Set<Promise<void>>()

  const spread = async (id: CID): Promise<void> => {
    const work = courier.spread(id).catch((error: unknown) => { logger.warn('a conversation could not be spread', { error }) })
    spreading.add(work)
    await work.finally(() => spreading.delete(work))
  }
  return {
    spread,
    async speakTo (to, conversation, audio, { listenFirstMs = 3000, signal }) {
      const call = await startVoiceCall(components, { from: person, to, conversation, audio, listenFirstMs, signal })
      calls.add(call)
      components.onCount(calls.size)
      void call.ended.then(async () => {
        calls.delete(call)
        components.onCount(calls.size)
        await spread(call.conversation)
      })
      return call
    },
    async stop () {
      for (const call of calls) call.abandon()
      await Promise.allSettled([...calls].map(async ({ ended }) => await ended))
      await Promise.allSettled(spreading)
    }
  }
}
