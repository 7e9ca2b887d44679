import type { CID } from '@parley/core'
import { hexOf, type PlainAction } from './blocks.ts'
import { FULL, OUT, WRITE, type PlainAccess } from './access.ts'
import type { PlainContent } from './contents.ts'

/** What of a state is told by the reference. */
export interface PlainState {
  subject: string | undefined
  subjectVersion: string | undefined
  /** By hex of the id: who said it. */
  messages: Map<string, PlainMessage>
  labels: string[]
}

export interface PlainMessage {
  author: string
  body: string | undefined
  version: string
  /** Deleted or recovered at some time: who wins then is not told here. */
  wasDeleted: boolean
}

const LOCK_MS = 3_600_000

/** A value that is edited, and locked. */
interface Item { versions: string[], lock: { by: string, until: number, action: string } | undefined }

/**
 * Reduces a log in the common order by the written rules: subject, messages,
 * labels and the locks that decide about them. `contents` are those that can be read.
 */
export function reducePlainly (ordered: readonly PlainAction[], contents: ReadonlyMap<string, PlainContent>, access: PlainAccess): PlainState {
  const state: PlainState = { subject: undefined, subjectVersion: undefined, messages: new Map(), labels: [] }
  const items = new Map<string, Item>()
  let expiry: { at: number | null, versions: string[] } = { at: null, versions: [] }
  for (const action of ordered) {
    const content = contents.get(action.name)
    if (content === undefined || !agrees(action, content)) continue
    const people = access.before(action)
    const rank = people.get(action.personName)?.rank ?? OUT
    const isFirst = content.verb === 'publish'
    if (rank === OUT || (expiry.at !== null && action.wallMs > expiry.at)) continue
    const kind = `${content.verb} ${content.thing}`
    const id = content['message'] instanceof Uint8Array ? hexOf(content['message']) : undefined
    const item = itemOf(items, id ?? 'subject')
    const message = id === undefined ? undefined : state.messages.get(id)
    const follows = linkOf(content['follows'])
    // It ends after an hour, and for those who saw that its holder is out.
    const isLocked = (): boolean => item.lock !== undefined && item.lock.until > action.wallMs && people.has(item.lock.by) && item.lock.by !== action.personName

    if (isFirst && action.parents.length === 0) {
      state.subject = String(content['subject'])
      state.subjectVersion = action.name
      item.versions.push(action.name)
    } else if (kind === 'add participant') {
      // Whoever cannot read the beginning follows what was quoted to them.
      if (content['subject'] !== undefined) itemOf(items, 'subject').versions.push(action.name)
      if (content['expiresAt'] !== undefined) expiry.versions.push(action.name)
    } else if (kind === 'modify subject' && rank >= WRITE && follows !== undefined && item.versions.includes(follows)) {
      item.versions.push(action.name)
      if (!isLocked()) {
        state.subject = String(content['subject'])
        state.subjectVersion = action.name
        if (content['release'] === true && item.lock?.by === action.personName) item.lock = undefined
      }
    } else if (kind === 'modify expiry' && rank >= FULL && (follows === undefined || expiry.versions.includes(follows))) {
      expiry = { at: content['expiresAt'] as number | null, versions: [...expiry.versions, action.name] }
    } else if (kind === 'add message' && id !== undefined && message === undefined && rank >= (content['parent'] === undefined ? WRITE : 1)) {
      state.messages.set(id, { author: action.personName, body: content['body'] as string | undefined, version: action.name, wasDeleted: false })
      item.versions.push(action.name)
    } else if (kind === 'modify message' && message !== undefined && (rank >= WRITE || (rank >= 1 && message.author === action.personName)) && follows !== undefined && item.versions.includes(follows)) {
      item.versions.push(action.name)
      if (!isLocked()) {
        message.body = content['body'] as string
        message.version = action.name
        if (content['release'] === true && item.lock?.by === action.personName) item.lock = undefined
      }
    } else if ((kind === 'delete message' || kind === 'recover message') && message !== undefined) {
      message.wasDeleted = true
      item.versions.push(action.name)
    } else if (kind === 'add label' && rank >= WRITE) {
      if (!state.labels.includes(String(content['label']))) state.labels.push(String(content['label']))
    } else if (kind === 'delete label' && rank >= WRITE) {
      state.labels = state.labels.filter(label => label !== content['label'])
    } else if (content.verb === 'lock' && (rank >= WRITE || (rank >= 1 && message?.author === action.personName)) && follows !== undefined && item.versions.includes(follows)) {
      if (!isLocked()) item.lock = { by: action.personName, until: action.wallMs + LOCK_MS, action: action.name }
    } else if (content.verb === 'release' && item.lock !== undefined && linkOf(content['lock']) === item.lock.action && (item.lock.by === action.personName || rank >= FULL)) {
      item.lock = undefined
    }
  }
  return state
}

function itemOf (items: Map<string, Item>, name: string): Item {
  const item = items.get(name) ?? { versions: [], lock: undefined }
  items.set(name, item)
  return item
}

function linkOf (value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : (value as CID).toString()
}

/** Whether what is said in clear about access is what is sealed. */
function agrees ({ access }: PlainAction, content: PlainContent): boolean {
  const person = content['person'] instanceof Uint8Array ? hexOf(content['person']) : undefined
  const isAbout = content.thing === 'participant' && person !== undefined
  const clear = JSON.stringify(access ?? null)
  if (isAbout && content.verb === 'delete') return clear === JSON.stringify({ add: [], remove: [person] })
  if (isAbout && (content.verb === 'add' || content['permission'] !== undefined)) {
    const permission = ['read', 'comment', 'write', 'full'].indexOf(String(content['permission']))
    return clear === JSON.stringify({ add: [{ person, permission, history: content['history'] === 'from-now' ? 1 : 0 }], remove: [] })
  }
  return access === undefined
}
