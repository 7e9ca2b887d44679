import type { TargetReport } from '@parley/conversations'
import { withTimeout, type CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Parley } from 'parley'
import type { CommandContext } from '../command.ts'
import { nameOf } from '../conversation-id.ts'
import { EXIT } from '../io.ts'

/** How long a command waits for those it brings something to. */
const BRING_MS = 10_000
const HERE: ReadonlySet<string> = new Set(['delivered-service', 'delivered-user', 'read', 'complete'])

/** How what was written stands with one of the people. */
export interface SentTo {
  did: Did
  name: string
  isDelivered: boolean
  /** Which of their proxies and devices have it. */
  has: string[]
  /** Why they have it not. */
  reason?: string | undefined
}

/**
 * Brings a conversation, and the keys that are new with it, to everybody who
 * can be reached now, and returns how it stands with each of the others, and
 * with our own proxies and devices. What was written is on this device's disk
 * before.
 */
export async function sendOut ({ io }: CommandContext, parley: Parley, id: CID): Promise<SentTo[]> {
  await parley.conversations.keepKeys()
  const ids = [id, ...await isBegun(parley) && !id.equals(parley.home.id) ? [parley.home.id] : []]
  await Promise.all(ids.map(async one => {
    await withTimeout(parley.delivery.bring(one, { signal: io.signal }), 'Bringing it to the others', BRING_MS, io.clock, { signal: io.signal }).catch((error: unknown) => {
      // What did not arrive in time is owed and tried again.
      if ((error as Error).name !== 'TimeoutError') throw error
    })
  }))
  return await standing(parley, id)
}

async function isBegun (parley: Parley): Promise<boolean> {
  return await parley.conversations.holder(parley.home.id).exists()
}

async function standing (parley: Parley, id: CID): Promise<SentTo[]> {
  const people = new Map<Did, TargetReport[]>()
  for (const did of await parley.conversations.holder(id).access()) if (did !== parley.person) people.set(did, [])
  for (const report of await parley.delivery.targets(id)) people.set(report.target.person, [...people.get(report.target.person) ?? [], report])
  return await Promise.all([...people].map(async ([did, reports]): Promise<SentTo> => {
    const has = reports.filter(({ state }) => HERE.has(state)).map(({ target }) => target.kind)
    const reason = reports.flatMap(({ errors }) => errors.slice(-1)).at(0)?.detail ?? 'nobody of theirs could be reached'
    return { did, name: await nameOf(parley, did), isDelivered: has.length > 0, has: [...new Set(has)], ...(has.length > 0 ? {} : { reason }) }
  }))
}

/** The exit code: 5 while somebody else has nothing of it on any disk. */
export function exitOfSending (sent: readonly SentTo[], parley: Parley): number {
  return sent.some(({ did, isDelivered }) => did !== parley.person && !isDelivered) ? EXIT.keptLocally : EXIT.ok
}

/** How it stands, in words. */
export function sendingWords (sent: readonly SentTo[], parley: Parley): string {
  const isOther = ({ did }: SentTo): boolean => did !== parley.person
  const delivered = sent.filter(one => isOther(one) && one.isDelivered)
  const waiting = sent.filter(one => isOther(one) && !one.isDelivered)
  const ownMissed = sent.filter(one => !isOther(one) && !one.isDelivered)
  return [
    ...(delivered.length === 0 ? [] : [`Delivered to ${delivered.map(({ name, has }) => `${name} (${has.join(', ')})`).join(', ')}.`]),
    ...waiting.map(({ name, reason }) => `Kept on this device for ${name}: ${reason ?? ''}`),
    ...(waiting.length === 0 ? [] : ['It goes out with the next `parley inbox`, or while `parley device start` runs.']),
    ...ownMissed.map(({ reason }) => `Your own proxies and devices do not have it yet: ${reason ?? ''}`)
  ].map(line => `${line}\n`).join('')
}

/** How it stands, as `--json` tells it. */
export function jsonSending (sent: readonly SentTo[], parley: Parley): Record<string, unknown> {
  return {
    state: exitOfSending(sent, parley) === EXIT.ok ? 'delivered' : 'kept',
    to: sent.map(({ did, name, isDelivered, has, reason }) => ({ did, name, state: isDelivered ? 'delivered' : 'waiting', has, reason: reason ?? null }))
  }
}
