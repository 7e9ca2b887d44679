import { sha256 } from '@parley/core'
import { createConversations, type Content, type Conversations, type Home, type RecordToPut } from '@parley/conversations'
import { createPolicy, createPreKeySecrets, publicKeyFromDid, type DeviceList, type Did, type People } from '@parley/identity'
import { concat, equals } from 'uint8arrays'
import { createLogStore } from '../library/log-store.ts'
import { openPolicies } from '../policy/policy-store.ts'
import type { SuccessionComponents } from './enter-succession.ts'
import { getFormer, putFormer } from './former-records.ts'

interface Components extends SuccessionComponents { people: People }

/** The collection of the home log in which the lists of former keys are, for devices that come later. */
export const FORMER_COLLECTION = 'former'
const LIST_COLLECTION = 'device-list'
/** Records that are put in one commit. */
const AT_ONCE = 500

/**
 * Takes what a person has from an old key to their new one: leaves every
 * conversation to the new one, copies what the home log and the policy say, and
 * leaves word for the other devices in the old home log. Repeating changes nothing.
 */
export async function bringAlong (components: Components, former: DeviceList, next: DeviceList): Promise<void> {
  const { store } = components
  const old = await opened(components, former.person)
  const records: RecordToPut[] = []
  let state: Uint8Array
  try {
    await leaveConversations(components, old, former, next)
    const home = await old.home()
    await leaveWord(components, home, former, next)
    state = await stateOf(old, home)
    const known = await getFormer(store, former.person)
    if (known !== undefined && equals(known.brought, state)) return
    records.push(...await recordsOf(old, home), { collection: FORMER_COLLECTION, key: former.person, value: former.bytes })
  } finally {
    await old.stop()
  }
  await bringPolicy(components, former.person, next.person)
  if (!await bringRecords(components, former.person, next, records)) return
  const known = await getFormer(store, former.person)
  if (known !== undefined) await store.commit([putFormer({ ...known, brought: state })], { durable: true })
}

async function opened ({ store, people, keys, clock, random, logger }: Components, person: Did): Promise<Conversations> {
  const secrets = createPreKeySecrets({ store, keys, clock, random }, { person })
  // Everybody here has the keys, or gets them by long-term keys: those of others are for when there is a network.
  const preKeys = { open: secrets.open, used: secrets.used, take: async () => new Map<Did, never>() }
  // What is written is owed to the others, whatever dies after it.
  return await createConversations({ store: createLogStore(store).store, people, clock, random, logger, device: keys, person, preKeys })
}

/** Adds the new key wherever the old one is, and takes the old one out. */
async function leaveConversations ({ logger }: Components, conversations: Conversations, former: DeviceList, next: DeviceList): Promise<void> {
  for await (const id of conversations.ids()) {
    const access = await conversations.holder(id).access()
    if (!access.includes(former.person)) continue
    try {
      const conversation = await conversations.open(id)
      // Nobody grants more than they have themselves.
      const { permission = 'read' } = (await conversation.state()).participants.find(({ did }) => did === former.person) ?? {}
      const add: Content = { verb: 'add', thing: 'participant', person: publicKeyFromDid(next.person), permission, history: 'all', ...(next.name === '' ? {} : { name: next.name }) }
      const leave: Content = { verb: 'delete', thing: 'participant', person: publicKeyFromDid(former.person) }
      await conversation.appendAll([...(access.includes(next.person) ? [] : [add]), leave], { durable: true })
    } catch (error) {
      // Tried again at the next start, as when the keys of it come.
      logger.warn('a conversation could not be taken over to the new key', { conversation: id.toString(), error })
    }
  }
}

/** The other devices find both lists in the home log that they still follow. */
async function leaveWord ({ logger }: Components, home: Home, former: DeviceList, next: DeviceList): Promise<void> {
  const lists = [{ collection: LIST_COLLECTION, key: 'successor', value: next.bytes }, { collection: LIST_COLLECTION, key: 'newest', value: former.bytes }]
  try {
    const due: RecordToPut[] = []
    for (const record of lists) {
      const known = await home.get(record.collection, record.key)
      // Another device knows at least as much of the new list; only the first word matters.
      if (known === undefined || (record.key === 'newest' && !equals(known, record.value))) due.push(record)
    }
    if (due.length === 0) return
    await home.putAll(due, { durable: true })
  } catch (error) {
    logger.warn('the other devices could not be left word of the new key', { error })
  }
}

async function stateOf (conversations: Conversations, { id }: Home): Promise<Uint8Array> {
  const frontier = await conversations.holder(id).frontier()
  return sha256(concat(frontier.map(({ cid }) => cid.bytes)))
}

/** Returns every record of a home log, whatever collection it is in. */
async function recordsOf (conversations: Conversations, home: Home): Promise<RecordToPut[]> {
  if (!await conversations.holder(home.id).exists()) return []
  const names = new Map<string, { collection: string, key: string }>()
  for await (const { content } of (await conversations.open(home.id)).actions()) {
    if (content?.verb !== 'put') continue
    for (const { collection, key } of content.thing === 'record' ? [content] : content.records) names.set(`${collection}/${key}`, { collection, key })
  }
  const records: RecordToPut[] = []
  for (const { collection, key } of names.values()) {
    if (collection === LIST_COLLECTION) continue
    const value = await home.get(collection, key)
    if (value !== undefined) records.push({ collection, key, value })
  }
  return records
}

/** Puts what the new home log lacks; false where it is not ours to begin and its keys are not here yet. */
async function bringRecords (components: Components, former: Did, next: DeviceList, records: RecordToPut[]): Promise<boolean> {
  const conversations = await opened(components, next.person)
  try {
    const home = await conversations.home()
    const begins = (await getFormer(components.store, former))?.begins === true
    if (!begins && !await isOpen(home)) return false
    const lacking: RecordToPut[] = []
    for (const record of records) if (await home.get(record.collection, record.key) === undefined) lacking.push(record)
    for (let at = 0; at < lacking.length; at += AT_ONCE) await home.putAll(lacking.slice(at, at + AT_ONCE), { durable: true })
    return true
  } finally {
    await conversations.stop()
  }
}

async function isOpen (home: Home): Promise<boolean> {
  for await (const _record of home.list(FORMER_COLLECTION)) return true
  return false
}

/** Signs what the old key's policy says for the new one, as old as it is: what another device decided since stays. */
async function bringPolicy ({ store, people, keys, clock, logger }: Components, former: Did, next: Did): Promise<void> {
  const policies = await openPolicies({ store, people, clock, logger })
  const view = policies.get(former)
  if (view === undefined || policies.get(next) !== undefined) return
  const { blocked, contacts, declined, strangers, limits, version } = view.policy
  const { bytes } = await createPolicy(keys.signer, { person: next, version, blocked: [...blocked], contacts: [...contacts], declined: [...declined], strangers, limits: { ...limits } })
  await policies.learn(next, bytes)
}
