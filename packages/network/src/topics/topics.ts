import { OversizedBytesError, type Logger } from '@parley/core'
import { TopicValidatorResult, type GossipSub, type Message } from '@chainsafe/libp2p-gossipsub'
import { MAX_TOPIC_MESSAGE_BYTES, type TopicMessage, type Topics } from '../network.ts'

/** The topics of inboxes, the only ones that a hub joins because its peers did. */
export const INBOX_PREFIX = '/parley/1/inbox/'

/** More than the 256 inbox shards there are; a peer that announces others gains nothing. */
const MAX_HUB_TOPICS = 512
const HUB_TOPIC = /^\/parley\/1\/inbox\/[a-z0-9-]{1,16}$/

type Listener = (message: TopicMessage) => void

/** Offers gossipsub as topics; a hub also subscribes the inbox topics of its peers, for only subscribers pass messages on. */
export function createTopics ({ pubsub, logger, self }: { pubsub: GossipSub, logger: Logger, self: string }, { hub }: { hub: boolean }): Topics & { stop(): void } {
  const listeners = new Map<string, Set<Listener>>()
  const forOthers = new Set<string>()

  const join = (topic: string): void => {
    pubsub.topicValidators.set(topic, (_peer, message) => message.data.byteLength > MAX_TOPIC_MESSAGE_BYTES ? TopicValidatorResult.Reject : TopicValidatorResult.Accept)
    pubsub.subscribe(topic)
  }
  const leave = (topic: string): void => {
    if (listeners.has(topic) || forOthers.has(topic)) return
    pubsub.unsubscribe(topic)
    pubsub.topicValidators.delete(topic)
  }
  const onMessage = ({ detail }: CustomEvent<Message>): void => {
    const set = listeners.get(detail.topic)
    if (set === undefined || detail.type !== 'signed') return
    const from = detail.from.toString()
    if (from === self) return
    for (const listener of [...set]) {
      try {
        listener({ data: detail.data, from })
      } catch (error) {
        logger.error('a listener of a topic threw', { topic: detail.topic, error })
      }
    }
  }
  const follow = ({ detail }: CustomEvent<{ subscriptions: { topic: string, subscribe: boolean }[] }>): void => {
    for (const { topic, subscribe } of detail.subscriptions) {
      if (!HUB_TOPIC.test(topic)) continue
      if (subscribe && !forOthers.has(topic) && forOthers.size < MAX_HUB_TOPICS) {
        forOthers.add(topic)
        if (!listeners.has(topic)) join(topic)
      } else if (!subscribe && pubsub.getSubscribers(topic).length === 0 && forOthers.delete(topic)) leave(topic)
    }
  }
  pubsub.addEventListener('message', onMessage)
  if (hub) pubsub.addEventListener('subscription-change', follow)

  return {
    subscribe (topic, listener) {
      const set = listeners.get(topic) ?? new Set()
      // A wrapper of its own lets the same function be added twice and removed once.
      const entry: Listener = message => { listener(message) }
      if (set.size === 0) {
        listeners.set(topic, set)
        if (!forOthers.has(topic)) join(topic)
      }
      set.add(entry)
      return () => {
        if (!set.delete(entry) || set.size > 0) return
        listeners.delete(topic)
        leave(topic)
      }
    },
    async publish (topic, data) {
      if (data.byteLength > MAX_TOPIC_MESSAGE_BYTES) throw new OversizedBytesError('topic message', data.byteLength, MAX_TOPIC_MESSAGE_BYTES)
      const { recipients } = await pubsub.publish(topic, data)
      return { recipients: recipients.filter(peer => peer.toString() !== self).length }
    },
    subscribers: topic => pubsub.getSubscribers(topic).map(peer => peer.toString()),
    stop () {
      pubsub.removeEventListener('message', onMessage)
      pubsub.removeEventListener('subscription-change', follow)
      listeners.clear()
    }
  }
}
