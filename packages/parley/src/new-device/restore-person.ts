import { createSystemClock, silentLogger, systemRandom, type AbortOptions, type Clock, type Logger } from '@parley/core'
import { createSigner, recoverySealingOf, seedOfPhrase, WrongPersonError, type Did } from '@parley/identity'
import { createNetwork } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { join } from 'node:path'
import { createParley } from '../create-parley.ts'
import { NoIdentityError, NotRestoredError } from '../errors.ts'
import { readIdentity, type IdentityFiles } from '../identity-files.ts'
import { restoreIdentity } from '../restore-identity.ts'
import type { Parley } from '../types.ts'
import { findCard } from './find-card.ts'
import { learnCard } from './join-person.ts'

/** How a restoration goes on; `total` grows while it is being found out. */
export interface RestoreProgress {
  step: 'identity' | 'conversations' | 'messages'
  done: number
  total: number
}

/** What is there in the end. */
export interface Restored {
  person: Did
  name: string
  device: Did
  contacts: number
  conversations: number
  /** Actions in all of them. */
  actions: number
  /** Spoken messages of others that are on this device now, to be played without anybody else. */
  messages: number
  /** Spoken messages that could not be fetched, with the reason. */
  missing: Array<{ n: number, reason: string }>
}

export interface RestorePersonInit extends AbortOptions {
  phrase: string
  /** Where a proxy of the person is: the URL of a contact card, or a multiaddr with a peer id. */
  proxy: string
  deviceName?: string | undefined
  passphrase?: string | undefined
  clock?: Clock
  logger?: Logger
  onProgress?: (progress: RestoreProgress) => void
}

/**
 * Makes `folder` a device of the person who has the phrase, with everything
 * that their proxy keeps. When it is interrupted, calling it again goes on.
 *
 * @throws {PhraseLengthError | UnknownPhraseWordError | PhraseChecksumError}
 * @throws {IdentityExistsError} when the folder is somebody else's
 * @throws {WrongPersonError} when the proxy gives the card of somebody else
 * @throws {PeerUnreachableError | CardUnavailableError} when no proxy answers, or it does not serve the person
 * @throws {NotRestoredError} when the proxy could be reached, but not everything could be fetched
 */
export async function restorePerson (folder: string, init: RestorePersonInit): Promise<Restored> {
  const { phrase, clock = createSystemClock(), logger = silentLogger, signal, onProgress = () => {} } = init
  const seed = seedOfPhrase(phrase)
  const [person, recovery] = [await createSigner(seed), await recoverySealingOf(seed)]
  onProgress({ step: 'identity', done: 0, total: 1 })
  const identity = await begunIdentity(folder, person.did, init) ?? await newIdentity(folder, person.did, init)
  onProgress({ step: 'identity', done: 1, total: 1 })
  const store = await openLevelStore(join(folder, 'store'))
  try {
    const network = await createNetwork({ store, logger: logger.child('network') }, { seed: identity.keys.seed, listen: [] })
    try {
      const parley = await createParley({
        store, network, keys: identity.keys, list: identity.list, keepList: identity.keepList, clock, random: systemRandom, logger,
        personSigner: person,
        openers: [{ publicKey: person.publicKey, sealing: recovery }]
      })
      try {
        return await fetchAll(parley, { signal, onProgress })
      } finally {
        await parley.stop()
      }
    } finally {
      await network.stop()
    }
  } finally {
    await store.close()
  }
}

/** Returns the identity that an interrupted restoration left, if it did. */
async function begunIdentity (folder: string, person: Did, { passphrase }: RestorePersonInit): Promise<IdentityFiles | undefined> {
  const found = await readIdentity(folder, { passphrase }).catch((error: unknown) => {
    if (error instanceof NoIdentityError) return undefined
    throw error
  })
  if (found !== undefined && found.list.person !== person) throw new WrongPersonError(person, found.list.person)
  return found
}

async function newIdentity (folder: string, person: Did, { phrase, proxy, deviceName, passphrase, clock = createSystemClock(), logger = silentLogger, signal }: RestorePersonInit): Promise<IdentityFiles> {
  const card = await findCard({ clock, logger }, person, proxy, { signal })
  await learnCard(folder, card.bytes, logger)
  return await restoreIdentity(folder, { phrase, card: card.bytes, deviceName, passphrase, clock })
}

async function fetchAll (parley: Parley, { signal, onProgress }: { signal: AbortSignal | undefined, onProgress: (progress: RestoreProgress) => void }): Promise<Restored> {
  const seen = new Set<string>()
  let total = 0
  const offs = [
    parley.on('syncing', ({ changed }) => {
      total += changed
      onProgress({ step: 'conversations', done: seen.size, total })
    }),
    parley.on('synced', ({ conversation }) => {
      seen.add(conversation.toString())
      onProgress({ step: 'conversations', done: seen.size, total: Math.max(total, seen.size) })
    })
  ]
  const report = await parley.sync({ signal }).finally(() => { for (const off of offs) off() })
  if (report.reached.length === 0) throw new NotRestoredError(report.unreachable.map(({ who, reason }) => `${who}: ${reason}`).join('; '))

  const entries = await parley.inbox()
  const missing: Restored['missing'] = []
  let fetched = 0
  for (const { n, state } of entries) {
    signal?.throwIfAborted()
    if (state === 'recording') continue
    const failure = await parley.fetch(n, { signal }).then(() => undefined, (error: unknown) => error)
    if (failure === undefined) fetched++
    else missing.push({ n, reason: (failure as Error).message })
    onProgress({ step: 'messages', done: fetched + missing.length, total: entries.length })
  }
  const counts = await countAll(parley)
  return { person: parley.person, name: (await parley.deviceList()).name, device: parley.device, ...counts, messages: fetched, missing }
}

async function countAll (parley: Parley): Promise<Pick<Restored, 'contacts' | 'conversations' | 'actions'>> {
  const counts = { contacts: 0, conversations: 0, actions: 0 }
  for await (const _contact of parley.contacts.list()) counts.contacts++
  for await (const id of parley.conversations.ids()) {
    counts.conversations++
    for (const { seq } of await parley.conversations.holder(id).frontier()) counts.actions += seq + 1
  }
  return counts
}
