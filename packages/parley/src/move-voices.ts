import { sleep, withTimeout, type AbortOptions, type CID } from '@parley/core'
import { mediaHoldersOf, type Conversations } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import { VoiceRefusedError, heldVoice } from '@parley/voice'
import { bringVoice, type BringComponents } from './bring-voice.ts'
import { NotMovedError } from './errors.ts'
import { devicesWith, type DeviceRoute } from './routes.ts'
import { spokenIn, type SpokenMessage } from './spoken-messages.ts'

export interface MoveVoicesComponents extends BringComponents {
  people: People
  conversations: Conversations
}

/** A spoken message of which nobody who was asked has all. */
export interface Unfound {
  conversation: CID
  /** Hex id of the message. */
  message: string
  from: Did
  /** Milliseconds since 1970, by the speaker's clock. */
  at: number
  /** Segments that the new proxy has. */
  segments: number
  reason: string
}

export interface MoveVoicesInit {
  person: Did
  /** This device: what it is speaking now is brought when it is over. */
  device: Did
  keeper: DeviceRoute
  /** The old proxy; undefined when it is gone. */
  old: DeviceRoute | undefined
}

/** Brings spoken messages to the new proxy, each once. */
export interface MoveVoices {
  /** Brings what was not brought before; returns how many that were. */
  bringAll(options: AbortOptions & { onProgress(done: number, total: number): void }): Promise<number>
  messages(): number
  unfound(): Unfound[]
}

/** Somebody who may have what is missing is not waited for longer. */
const DIAL_MS = 5000
const BUSY_MS = 1000
const BUSY_TRIES = 60

export function createMoveVoices (components: MoveVoicesComponents, { person, device, keeper, old }: MoveVoicesInit): MoveVoices {
  const { people, conversations, network, clock } = components
  const brought = new Set<string>()
  const unfound: Unfound[] = []
  const answers = new Map<string, Promise<boolean>>()

  const isReachable = async (route: DeviceRoute): Promise<boolean> => {
    const known = answers.get(route.peer) ?? withTimeout(network.connect(route), 'Reaching somebody who may have a message', DIAL_MS, clock).then(() => true, () => false)
    answers.set(route.peer, known)
    return await known
  }
  const reachable = async (routes: DeviceRoute[]): Promise<DeviceRoute[]> => {
    const others = routes.filter(({ peer, device }) => peer !== network.peerId && device !== keeper.device)
    const verdicts = await Promise.all(others.map(isReachable))
    return others.filter((_route, index) => verdicts[index])
  }
  const speakers = async ({ conversation, message }: SpokenMessage): Promise<DeviceRoute[]> => {
    const now = clock.now()
    const others = await mediaHoldersOf(conversations.holder(conversation), { person, author: message.author })
    const theirs = await Promise.all(others.map(async did => [...await devicesWith(people, did, 'proxy', now), ...await devicesWith(people, did, 'endpoint', now)]))
    const routes = [...await devicesWith(people, person, 'proxy', now), ...theirs.flat()]
    return await reachable(routes.filter(route => route.device !== old?.device))
  }
  /** Another device of ours, or this one on its own account, may bring the same message now. */
  const patiently = async <T> (work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    for (let left = BUSY_TRIES; ; left--) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof VoiceRefusedError) || error.reason !== 'busy' || left === 0) throw error
        await sleep(BUSY_MS, clock, { signal })
      }
    }
  }
  const bring = async (spoken: SpokenMessage, signal: AbortSignal | undefined): Promise<void> => {
    const { message, conversation } = spoken
    const result = await patiently(async () => await bringVoice(components, spoken, keeper, { from: old === undefined ? [] : [old], more: async () => await speakers(spoken), signal }), signal)
    if (result.type === 'whole') return
    const { segments, reason } = result
    // What the old proxy has and does not give now must not be lost with it.
    const there = old === undefined ? undefined : await heldVoice(components, old, message.voice.voice, { signal })
    if (there !== undefined && there.segments > segments) throw new NotMovedError(`the old proxy has ${there.segments} segments of message ${message.id}, and ${segments} came`)
    unfound.push({ conversation, message: message.id, from: message.author, at: message.time.wallMs, segments, reason })
  }
  const isWanted = ({ message }: SpokenMessage): boolean => {
    // The log says that nothing was recorded, or it is being spoken by this very device.
    if (message.voice.manifest === null || brought.has(message.id)) return false
    return message.state !== 'recording' || message.device !== device
  }

  return {
    async bringAll ({ onProgress, signal }) {
      const wanted: SpokenMessage[] = []
      for await (const id of conversations.ids({ signal })) wanted.push(...(await spokenIn(conversations, id, { signal })).filter(isWanted))
      for (const [index, spoken] of wanted.entries()) {
        onProgress(index, wanted.length)
        signal?.throwIfAborted()
        await bring(spoken, signal)
        brought.add(spoken.message.id)
      }
      onProgress(wanted.length, wanted.length)
      return wanted.length
    },
    messages: () => brought.size,
    unfound: () => [...unfound]
  }
}
