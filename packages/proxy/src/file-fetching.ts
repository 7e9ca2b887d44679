import { InvalidBytesError, OversizedBytesError, bytesSchema, cidSchema, createCodec, decodeCanonical, withTimeout, type CancelTimer, type CID, type Clock, type Logger, type Store } from '@parley/core'
import { MAX_ACTION_BYTES, mediaHoldersOf, receiversOf, sizeOfRoot, type Conversations, type FileAnswer, type FileQuestion, type Files, type StoredAction } from '@parley/conversations'
import { didFromPeerId, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from 'parley'
import * as z from 'zod/mini'

export interface FileFetchingComponents {
  store: Store
  network: Network
  people: People
  conversations: Pick<Conversations, 'on' | 'holder'>
  files: Files
  clock: Clock
  logger: Logger
}

export interface FileFetchingInit {
  /** Returns who is served and may read a conversation. */
  servedIn: (conversation: CID) => Promise<Did[]>
  admits: (question: Omit<FileQuestion, 'device' | 'action'>) => Promise<FileAnswer>
  maxFileBytes: number | undefined
}

/**
 * Fetches the files that conversations of the people served announce and that
 * nobody brought: their author may have reached another proxy only.
 */
export interface FileFetching {
  stop(): Promise<void>
}

/** Who attached a file brings it, most of the time. */
const PATIENCE_MS = 20_000
const EVERY_MS = 600_000
const CONNECT_MS = 5000
const GIVE_UP_MS = 7 * 24 * 3_600_000
/** Codecs of a sealed file's root: raw, DAG-PB. */
const ROOT_CODECS: ReadonlySet<number> = new Set([0x55, 0x70])
const PREFIX = '/proxy/files-wanted/'

const wantedSchema = z.strictObject({ v: z.literal(1), conversation: cidSchema, root: cidSchema, person: z.string().check(z.maxLength(256)), at: z.number() })
type Wanted = z.infer<typeof wantedSchema>
const wantedCodec = createCodec<Wanted>('file that is wanted', wantedSchema, { maxBytes: 1024 })
/** What anybody may read of an action. */
const actionSchema = z.tuple([z.looseObject({ links: z.optional(z.array(cidSchema)) }), bytesSchema({ exactBytes: 64 })])

export function openFileFetching ({ store, network, people, conversations, files, clock, logger }: FileFetchingComponents, { servedIn, admits, maxFileBytes = Infinity }: FileFetchingInit): FileFetching {
  const stopping = new AbortController()
  const { signal } = stopping
  let working: Promise<void> = Promise.resolve()
  let cancel: CancelTimer | undefined
  let dueAt = Infinity

  const keyOf = (root: CID): string => PREFIX + root.toString()
  const isHere = async (root: CID): Promise<boolean> => (await files.held(root))?.state === 'whole'
  const note = async ({ conversation, person, bytes }: StoredAction): Promise<void> => {
    for (const root of rootsIn(bytes)) {
      if (await isHere(root)) continue
      await store.commit([{ type: 'put', key: keyOf(root), value: wantedCodec.encode({ v: 1, conversation, root, person, at: Math.floor(clock.now()) }) }])
      lookIn(PATIENCE_MS)
    }
  }
  const holdersOf = async ({ conversation, person }: Wanted): Promise<DeviceRoute[]> => {
    const [now, holder] = [clock.now(), conversations.holder(conversation)]
    const [access, ours] = [await holder.access(), await servedIn(conversation)]
    const asking = ours.find(did => access.includes(did)) ?? ours[0]
    if (asking === undefined) return []
    // Who reads unseen is known to their host alone.
    const authors = await mediaHoldersOf(holder, { person: asking, author: person })
    const others = (await receiversOf(holder, [asking])).filter(did => !authors.includes(did))
    const routes: DeviceRoute[] = []
    for (const did of authors) for (const role of ['endpoint', 'proxy'] as const) routes.push(...await devicesWith(people, did, role, now))
    for (const did of others) routes.push(...await devicesWith(people, did, 'proxy', now))
    const known = routes.filter(({ peer }, index) => peer !== network.peerId && routes.findIndex(route => route.peer === peer) === index)
    const reached = await Promise.all(known.map(async route => {
      if (network.peers().some(({ peer }) => peer === route.peer)) return true
      if (route.addresses.length === 0) return false
      return await withTimeout(network.connect(route, { signal }), 'Reaching somebody who may have a file', CONNECT_MS, clock, { signal }).then(() => true, () => false)
    }))
    return known.filter((_route, index) => reached[index])
  }
  /** Tells whether the file is here, or will never be. */
  const fetch = async (wanted: Wanted): Promise<boolean> => {
    const { root, conversation, person, at } = wanted
    if (await isHere(root) || clock.now() - at > GIVE_UP_MS) return true
    if ((await servedIn(conversation)).length === 0) return true
    const peers = await holdersOf(wanted)
    if (peers.length === 0) return false
    const isKnown = await store.getBlock(root) !== undefined
    const sizeBytes = sizeOfRoot(root, await network.blocks.get(root, { from: peers, signal }))
    const isTaken = sizeBytes !== undefined && sizeBytes <= maxFileBytes && (await admits({ conversation, root, sizeBytes, person, ...await usedBytes(files, root, person) })).ok
    if (!isTaken) {
      // Only what was admitted takes room. What was here before may be anything, also an action.
      if (!isKnown) await store.blockstore.delete(root)
      return true
    }
    await files.hold({ root, sizeBytes }, { peers, by: person, signal })
    logger.info('a file that nobody brought was fetched', { root: root.toString() })
    return true
  }
  const look = async (): Promise<void> => {
    const all: Wanted[] = []
    for await (const { value } of store.entries(PREFIX)) all.push(wantedCodec.decode(value))
    for (const wanted of all) {
      signal.throwIfAborted()
      const isOver = await fetch(wanted).catch((error: unknown) => {
        signal.throwIfAborted()
        logger.debug('a file that nobody brought could not be fetched yet', { root: wanted.root.toString(), error })
        return false
      })
      if (isOver) await store.commit([{ type: 'delete', key: keyOf(wanted.root) }])
    }
    if (all.length > 0) lookIn(EVERY_MS)
  }
  const inTurn = (work: () => Promise<void>): void => {
    working = working.then(work).catch((error: unknown) => { if (!signal.aborted) logger.warn('files that nobody brought could not be looked for', { error }) })
  }
  const lookIn = (delayMs: number): void => {
    const at = clock.monotonicNow() + delayMs
    if (signal.aborted || at >= dueAt) return
    cancel?.()
    dueAt = at
    cancel = clock.setTimer(() => {
      dueAt = Infinity
      inTurn(look)
    }, delayMs)
  }
  conversations.on('action', ({ action, home }) => { if (!home) inTurn(async () => { await note(action) }) }, { signal })
  network.on('peer:connect', ({ peer }) => {
    inTurn(async () => {
      const persons = new Set(await people.personsOf(didFromPeerId(peer)))
      for await (const { value } of store.entries(PREFIX)) if (persons.has(wantedCodec.decode(value).person)) lookIn(PATIENCE_MS)
    })
  }, { signal })
  // What a process that died had not fetched.
  lookIn(PATIENCE_MS)

  return {
    async stop () {
      stopping.abort()
      cancel?.()
      await working
    }
  }
}

async function usedBytes (files: Files, root: CID, person: Did): Promise<{ personBytes: number, heldBytes: number }> {
  const used = { personBytes: 0, heldBytes: 0 }
  for await (const held of files.allHeld()) {
    if (held.root.equals(root)) continue
    used.heldBytes += held.sizeBytes
    if (held.by === person) used.personBytes += held.sizeBytes
  }
  return used
}

/** Returns what an action links to that may be a sealed file. */
function rootsIn (bytes: Uint8Array): CID[] {
  try {
    const parsed = actionSchema.safeParse(decodeCanonical('action', bytes, MAX_ACTION_BYTES))
    return parsed.success ? parsed.data[0].links?.filter(({ code }) => ROOT_CODECS.has(code)) ?? [] : []
  } catch (error) {
    if (error instanceof InvalidBytesError || error instanceof OversizedBytesError) return []
    throw error
  }
}
