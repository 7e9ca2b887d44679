import type { Did } from '@parley/identity'
import type { LogHolder } from '../types.ts'

/**
 * Returns to whom a conversation is brought by somebody who stands for `own`:
 * those who are in it, and guests of ours; by who is a guest themselves, their
 * host alone. Others never learn of a guest.
 */
export async function receiversOf (holder: Pick<LogHolder, 'access' | 'guests'>, own: readonly Did[]): Promise<Did[]> {
  const [access, pairs] = [await holder.access(), await holder.guests()]
  if (pairs.length === 0) return access
  const isIn = own.some(did => access.includes(did))
  const through = pairs.filter(({ host, guest }) => own.includes(host) ? access.includes(host) : own.includes(guest))
  return [...new Set([...isIn || !through.some(({ guest }) => own.includes(guest)) ? access : [], ...through.flatMap(({ host, guest }) => [host, guest])])].sort()
}

/** Returns who may read a conversation now, also without being in it; for whoever keeps what belongs to it, as voices, and tells nobody. */
export async function readersOf (holder: Pick<LogHolder, 'access' | 'guests'>, served: readonly Did[]): Promise<Did[]> {
  const [access, pairs] = [await holder.access(), await holder.guests()]
  const mine = pairs.filter(({ host, guest }) => served.includes(guest) || (served.includes(host) && access.includes(host)))
  return [...new Set([...access, ...mine.map(({ guest }) => guest)])]
}

/**
 * Returns whose devices a person may ask for what somebody said, as a voice or
 * a file: the author's, unless the person is a guest, who asks their hosts'.
 */
export async function mediaHoldersOf (holder: Pick<LogHolder, 'access' | 'guests'>, { person, author }: { person: Did, author: Did }): Promise<Did[]> {
  const [access, pairs] = [await holder.access(), await holder.guests()]
  const hosts = pairs.filter(({ guest }) => guest === person).map(({ host }) => host)
  return hosts.length === 0 || access.includes(person) ? [author] : [...new Set(hosts)]
}
