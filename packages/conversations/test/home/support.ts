import type { CID, VirtualClock } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import type { Conversations, Home, Opener } from '../../src/index.ts'
import type { Replica, Somebody } from '../log/world.ts'

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
export const text = (value: Uint8Array | undefined): string | undefined => value === undefined ? undefined : new TextDecoder().decode(value)
export const message = (value: number) => ({ verb: 'add', thing: 'message', message: new Uint8Array(16).fill(value), body: `message ${value}` }) as const

/** Lets other tasks, also those outside of the event loop, go on until something holds. */
export async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise(resolve => { setImmediate(resolve) })
}

/** Lets a replica bring its new keys into the vault. */
export async function vaulted ({ store, clock }: { store: Replica['store'], clock: VirtualClock }): Promise<void> {
  await clock.advance(1000)
  await until(async () => (await store.entries('/vault/owed/').next()).done === true)
}

/** Returns a collection as a plain object of texts. */
export async function collectionOf (home: Home, collection: string): Promise<Record<string, string | undefined>> {
  const found: Record<string, string | undefined> = {}
  for await (const { key, value } of home.list(collection)) found[key] = text(value)
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => a < b ? -1 : 1))
}

/** What the person's phrase opens, as `openers` takes it. */
export function phraseOf ({ did, recovery }: Somebody): Opener {
  return { publicKey: publicKeyFromDid(did), sealing: recovery }
}

export async function idsOf (conversations: Conversations, withHomes = false): Promise<string[]> {
  const ids: string[] = []
  for await (const id of conversations.ids({ withHomes })) ids.push(id.toString())
  return ids.sort()
}

/** Returns how much of a conversation a replica cannot read. */
export async function unreadable ({ conversations }: { conversations: Conversations }, id: CID): Promise<number> {
  return (await (await conversations.open(id)).state()).unreadable
}

