import { failure, ok, warning, type Check } from './finding.ts'

/** The home log: whether this device can read and write what all devices of the person share. */
export const checkHome: Check = async ({ parley }) => {
  let records = 0
  for await (const _record of parley.home.list('seen')) records++
  if (records > 0) return [ok('home log', 'readable; this device shares contacts and keys with your others')]
  return [warning('home log', 'This device cannot read what your other devices share yet', 'Let it reach your proxy once: parley inbox')]
}

/** Conversations: whether everything that is here can be read. */
export const checkConversations: Check = async ({ parley }) => {
  let [conversations, unreadable] = [0, 0]
  for await (const id of parley.conversations.ids()) {
    conversations++
    unreadable += (await (await parley.conversations.open(id)).state()).unreadable
  }
  if (unreadable === 0) return [ok('conversations', `${conversations}, all readable`)]
  return [failure('conversations', `${unreadable} actions in ${conversations} conversations cannot be read here`, 'Let this device reach your proxy: the keys come with your home log (parley inbox)')]
}
