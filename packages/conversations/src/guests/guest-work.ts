import type { CID } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import type { Content } from '../actions/index.ts'
import { UnknownConversationError } from '../errors.ts'
import { keyName } from '../format/key-name.ts'
import { RANK } from '../log/access-view.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { OpenLogs } from '../log/open-logs.ts'
import type { EpochKey } from '../read/keyring.ts'
import type { LogReader } from '../read/log-reader.ts'
import type { StoredAction } from '../types.ts'
import { newestEpoch } from '../write/append-actions.ts'
import { handedKeys, keysIn, sharesOf } from './handed-keys.ts'
import { decide } from './guest-rule.ts'
import type { GuestLog } from './types.ts'

export interface GuestWorkComponents {
  logs: OpenLogs
  readerOf(log: OpenLog): LogReader
  append(log: OpenLog, contents: Content[], options: { durable?: boolean | undefined }): Promise<StoredAction[]>
}

/** What a device knows of a conversation that it shares. */
export interface SharedFacts {
  keys: EpochKey[]
  newest: number
  /** Whether a person is in it. */
  isIn(person: Did): boolean
  mayWrite(person: Did): boolean
}

/** What is done with a conversation and its guest logs: one task in each, one after the other. */
export interface GuestWork {
  /** @throws {UnknownConversationError} */
  facts(conversation: CID): Promise<SharedFacts>
  /** Does what a host's device owes by one guest log. */
  settle(conversation: CID, log: GuestLog): Promise<void>
  /** Returns what a guest log hands on; [] where it is not here. */
  handed(conversation: CID, log: CID): Promise<EpochKey[]>
  /** Begins a new epoch in a conversation, unless it began since `newest`. */
  renew(conversation: CID, newest: number, options: { durable?: boolean | undefined }): Promise<void>
}

export function createGuestWork ({ logs, readerOf, append }: GuestWorkComponents): GuestWork {
  const read = async (log: OpenLog): Promise<LogReader> => {
    const reader = readerOf(log)
    await reader.catchUp(log.index)
    return reader
  }
  const renew: GuestWork['renew'] = async (conversation, newest, options) => await logs.run(conversation, async log => {
    if (log === undefined || newestEpoch(log.index) > newest) return
    await append(log, [{ verb: 'renew', thing: 'keys' }], options)
  })
  const facts: GuestWork['facts'] = async conversation => await logs.run(conversation, async log => {
    if (log === undefined) throw new UnknownConversationError(conversation)
    const { keyring } = await read(log)
    const members = log.index.access.people(log.index.access.newest())
    const memberOf = (person: Did): ReturnType<typeof members.get> => members.get(keyName(publicKeyFromDid(person)))
    return {
      keys: keysIn(keyring),
      newest: newestEpoch(log.index),
      isIn: person => memberOf(person) !== undefined,
      mayWrite: person => RANK[memberOf(person)?.permission ?? 'read'] >= RANK.write
    }
  })
  return {
    facts,
    renew,
    handed: async (conversation, id) => await logs.run(id, async log => log === undefined ? [] : handedKeys(await read(log), conversation).keys),
    async settle (conversation, { id, host, guests, former }) {
      const known = await facts(conversation)
      const [guest] = [...guests, ...former]
      if (guest === undefined) return
      const isRenewing = await logs.run(id, async log => {
        if (log === undefined) return false
        const { keys: handed, since } = handedKeys(await read(log), conversation)
        // As it is in this task: another may have done it.
        const isGuest = log.index.access.people(log.index.access.newest()).has(keyName(publicKeyFromDid(guest)))
        const deed = decide({ keys: known.keys, newest: known.newest, mayWrite: known.mayWrite(host), isOpen: known.isIn(guest), isGuest, handed, since })
        if (deed.type === 'hand-on') await append(log, sharesOf(conversation, since, deed.keys), {})
        if (deed.type === 'let-go') await append(log, [removalOf(guest)], {})
        return deed.type === 'renew'
      })
      if (isRenewing) await renew(conversation, known.newest, {})
    }
  }
}

export function removalOf (guest: Did): Content {
  return { verb: 'delete', thing: 'participant', person: publicKeyFromDid(guest) }
}

