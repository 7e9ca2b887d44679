import { OversizedBytesError } from '@parley/core'
import { MAX_TOPIC_MESSAGE_BYTES, type TopicMessage, type Topics } from '@parley/network'

const INBOX = /^\/parley\/1\/inbox\/[a-z0-9-]{1,16}$/

/** What topics need to know of the node they belong to. */
export interface Neighbour {
  readonly peerId: string
  readonly hub: boolean
  readonly gossip: MemoryTopics
  neighbours(): Neighbour[]
}

export interface MemoryTopics extends Topics {
  /** Whether messages of the topic are passed on here: only subscribers do, and hubs for their neighbours. */
  carries(topic: string): boolean
  subscribes(topic: string): boolean
  take(topic: string, message: TopicMessage): void
  stop(): void
}

/** Creates the topics of one node; `pass` decides whether and when a message gets from one node to the next. */
export function createMemoryTopics (self: () => Neighbour, pass: (delivery: () => void) => void): MemoryTopics {
  const listeners = new Map<string, Set<(message: TopicMessage) => void>>()
  const carriers = (node: Neighbour, topic: string): Neighbour[] => node.neighbours().filter(({ gossip }) => gossip.carries(topic))

  const spread = (node: Neighbour, topic: string, message: TopicMessage, seen: Set<string>): void => {
    for (const next of carriers(node, topic)) {
      if (seen.has(next.peerId)) continue
      seen.add(next.peerId)
      pass(() => {
        next.gossip.take(topic, message)
        spread(next, topic, message, seen)
      })
    }
  }
  return {
    subscribe (topic, listener) {
      const set = listeners.get(topic) ?? new Set()
      const entry = (message: TopicMessage): void => { listener(message) }
      listeners.set(topic, set.add(entry))
      return () => {
        set.delete(entry)
        if (set.size === 0) listeners.delete(topic)
      }
    },
    async publish (topic, data) {
      if (data.byteLength > MAX_TOPIC_MESSAGE_BYTES) throw new OversizedBytesError('topic message', data.byteLength, MAX_TOPIC_MESSAGE_BYTES)
      const node = self()
      spread(node, topic, { data: data.slice(), from: node.peerId }, new Set([node.peerId]))
      return { recipients: carriers(node, topic).length }
    },
    subscribers: topic => carriers(self(), topic).map(({ peerId }) => peerId),
    subscribes: topic => listeners.has(topic),
    carries: topic => listeners.has(topic) || (self().hub && INBOX.test(topic) && self().neighbours().some(({ gossip }) => gossip.subscribes(topic))),
    take (topic, message) {
      for (const listener of [...listeners.get(topic) ?? []]) listener({ data: message.data.slice(), from: message.from })
    },
    stop () { listeners.clear() }
  }
}
