import { withTimeout } from '@parley/core'
import { devicesWith } from 'parley'
import { failure, ok, warning, type Check, type Finding } from './finding.ts'

const ANSWER_MS = 4000

/** The home log: whether this device can read what all devices of the person share, whether all keys are in it, and whether the proxies have it. */
export const checkHome: Check = async ({ parley, isOffline, signal, context: { io } }) => {
  let records = 0
  for await (const _record of parley.home.list('seen')) records++
  if (records === 0) return [warning('home log', 'This device cannot read what your other devices share yet', 'Let it reach your proxy once: parley inbox')]
  const findings = [ok('home log', 'readable; this device shares contacts and keys with your others')]
  if (!await parley.conversations.keepKeys()) findings.push(warning('home log', 'The keys of some conversations are not in it: another device could not read them', 'Let this device reach your proxy: parley inbox'))
  const proxies = isOffline ? [] : (await devicesWith(parley.people, parley.person, 'proxy', io.clock.now())).filter(({ peer }) => parley.diagnosis.addressOf(peer) !== undefined)
  // Proxies that did not answer were told of already.
  return [...findings, ...await Promise.all(proxies.map(async (proxy): Promise<Finding> => {
    try {
      const { sent, received } = await withTimeout(parley.diagnosis.syncHome(proxy, { signal }), `Asking ${proxy.name}`, ANSWER_MS, io.clock)
      return ok('home log', sent + received === 0 ? `in step with ${proxy.name}` : `brought in step with ${proxy.name} now: ${sent} records there, ${received} here`)
    } catch (error) {
      io.signal.throwIfAborted()
      return warning('home log', `${proxy.name} cannot be brought in step: ${(error as Error).message}`, 'parley inbox tries again; if it stays so, look at the log of the proxy')
    }
  }))]
}

/** Conversations: whether everything that is here can be read. */
export const checkConversations: Check = async ({ parley, signal }) => {
  let [conversations, unreadable] = [0, 0]
  for await (const id of parley.conversations.ids({ signal })) {
    conversations++
    unreadable += (await (await parley.conversations.open(id)).state({ signal })).unreadable
  }
  if (unreadable === 0) return [ok('conversations', `${conversations}, all readable`)]
  return [failure('conversations', `${unreadable} actions in ${conversations} conversations cannot be read here`, 'Let this device reach your proxy: the keys come with your home log (parley inbox)')]
}
