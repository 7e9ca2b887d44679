import { sha256, type Change, type Clock, type RandomBytes } from '@parley/core'
import { encryptContent, publicKeyFromDid, type DeviceKeys, type Did, type People } from '@parley/identity'
import { compare } from 'uint8arrays'
import type { Content } from '../actions/index.ts'
import { definitionOf, encodeContent, objectionTo } from '../actions/registry.ts'
import type { AccessChange } from '../format/access-change.ts'
import { encodeAction } from '../format/encode-action.ts'
import { MAX_HEADS } from '../format/limits.ts'
import { parseAction } from '../format/parse-action.ts'
import { sealingContext } from '../format/sealing-context.ts'
import type { Member } from '../log/access-view.ts'
import type { LogIndex } from '../log/log-index.ts'
import type { OpenLog } from '../log/open-log.ts'
import { checkAccess } from '../merge/check-access.ts'
import { checkAction } from '../merge/check-action.ts'
import { checkDevice } from '../merge/check-device.ts'
import type { AppendReader } from '../read/log-reader.ts'
import type { StoredAction } from '../types.ts'
import { planKeys, sealKeys, type FindKeyHolders, type KeySealer } from './plan-keys.ts'
import { keyName } from '../format/key-name.ts'

export interface AppendComponents {
  people: People
  findKeyHolders: FindKeyHolders
  clock: Clock
  random: RandomBytes
  /** One-time keys of other people's devices. */
  preKeys?: KeySealer['preKeys']
}

/** Who writes. */
export interface Writer {
  readonly device: DeviceKeys
  readonly person: Did
  /** 32 bytes. */
  readonly personKey: Uint8Array
}

/** A log to append to, with what reads it. */
export type AppendLog = Omit<OpenLog, 'reader'> & { reader: AppendReader }

/**
 * Appends contents to a log that its reader has caught up with: each is
 * checked as a peer would check it, sealed and signed, and all are stored in
 * one commit together with `changes`. Nothing leaves this function before it
 * is stored, so that a process that dies at any point never signs two actions
 * for one place of its chain that anybody saw.
 */
export async function appendActions (components: AppendComponents, writer: Writer, log: AppendLog, contents: Content[], { durable, changes = [] }: { durable?: boolean | undefined, changes?: Change[] }): Promise<StoredAction[]> {
  const all = [...changes]
  const appended: StoredAction[] = []
  for (const content of contents) {
    const action = await appendOne(components, writer, log, content)
    all.push({ type: 'block', cid: action.cid, bytes: action.bytes })
    appended.push(action)
  }
  await log.commit(all, { durable })
  return appended
}

async function appendOne ({ people, findKeyHolders, clock, random, preKeys }: AppendComponents, { device, person, personKey }: Writer, log: AppendLog, content: Content): Promise<StoredAction> {
  const { index, reader } = log
  const time = log.time.next()
  const deviceError = checkDevice(await people.list(person), person, device.did, time.wallMs)
  if (deviceError !== undefined) throw deviceError
  const definition = definitionOf(content)
  const author = device.signer.publicKey
  const prev = newestOf(index, author, personKey)
  const seq = prev < 0 ? 0 : index.rows.seq(prev) + 1
  const context = sealingContext(log.hash, author, seq)
  const access = definition.access?.(content)
  const epoch = newestEpoch(index)
  const seen = { person: keyName(personKey), version: index.access.newest() }
  const refused = checkAccess(index, { ...seen, change: access, isFirst: index.rows.size === 0 })
  if (refused !== undefined) throw refused
  checkPermission(log, { person, device: device.did, time }, content)
  const readers = readersAfter(index.access.people(seen.version), access, { person: seen.person, epoch: epoch + 1 })
  const holders = await findKeyHolders(readers.keys(), clock.now(), { withRecovery: index.isHome })
  const plan = planKeys(reader.keyring, epoch, holders, random, {
    begins: definition.beginsEpoch === true || access?.add.some(({ history }) => history === 'from-now'),
    fromOf: name => readers.get(name)?.from ?? 0
  })
  const links = definition.links?.(content).map(cid => cid.bytes).sort(compare) ?? []
  const { block, body } = encodeAction({
    conversation: log.hash,
    author,
    person: personKey,
    seq,
    prev: prev < 0 ? undefined : index.rows.hash(prev),
    heads: headsExcept(index, prev),
    time,
    epoch: plan.epoch,
    access,
    keys: await sealKeys(plan, context, { person: keyName(personKey), preKeys }),
    links: links.length === 0 ? undefined : links,
    sealed: encryptContent(plan.key, encodeContent(content), context, random)
  })
  block.set(await device.signer.sign('action', body), block.length - 64)
  const action = parseAction(block)
  const verdict = checkAction(index, action, { conversation: log.hash, now: clock.now(), isGenuine: true, deviceError: undefined })
  if (verdict.kind !== 'accept') throw verdict.error
  index.add(action, sha256(block), verdict.placed)
  reader.keyring.add(plan.epoch, plan.key)
  return reader.addOwn(index, action, content)
}

function checkPermission ({ index, reader }: AppendLog, { person, device, time }: Pick<StoredAction, 'person' | 'time'> & { device: Did }, content: Content): void {
  const { access, basics, isHome, isGuest, rows } = index
  const personName = keyName(publicKeyFromDid(person))
  const members = access.people(access.newest())
  const permission = members.get(personName)?.permission ?? 'read'
  const objection = objectionTo(reader.draft(), { person, personName, device, time, permission, members, creator: reader.creator, subjectHash: basics.subject, isHome, isGuest, action: undefined, row: undefined, rows }, content)
  if (objection !== undefined) throw objection
}

/** Returns who gets keys with an action: whoever is removed by it may read it, so that they learn of it. */
function readersAfter (members: ReadonlyMap<string, Member>, access: AccessChange | undefined, { person, epoch }: { person: string, epoch: number }): ReadonlyMap<string, Member> {
  if (access === undefined || access.add.length === 0) return members
  const readers = new Map(members)
  for (const { person: added, permission, history } of access.add) {
    const name = keyName(added)
    if (!readers.has(name)) readers.set(name, { permission, from: history === 'from-now' ? epoch : members.get(person)?.from ?? 0 })
  }
  return readers
}

/** Returns the row that our next action follows: our newest, or -1. */
function newestOf ({ rows, authors, author }: LogIndex, key: Uint8Array, person: Uint8Array): number {
  let newest = -1
  for (const tip of authors[author(key, person)]?.tips ?? []) {
    if (newest < 0 || rows.seq(tip) > rows.seq(newest)) newest = tip
  }
  return newest
}

/** Returns the newest epoch of a log, or -1 where it is empty. */
export function newestEpoch ({ rows, heads }: LogIndex): number {
  let epoch = -1
  for (const head of heads) epoch = Math.max(epoch, rows.epoch(head))
  return epoch
}

/** Returns the hashes of the heads without our own previous action, in order; the newest where there are too many. */
function headsExcept ({ rows, heads }: LogIndex, prev: number): Uint8Array[] {
  const others = [...heads].filter(row => row !== prev)
  if (others.length > MAX_HEADS) others.sort((a, b) => rows.compare(b, a)).splice(MAX_HEADS)
  return others.map(row => rows.hash(row)).sort(compare)
}
