import { bytesSchema, cidSchema, countSchema, createCodec, type Change, type CID, type Codec, type Store } from '@parley/core'
import * as z from 'zod/mini'

/** What is to be written into a log about a file that is added: kept from before until after, so that a kill between leaves neither two nor none. */
export interface Attaching {
  /** The add of the file. */
  add: string
  conversation: CID
  /** 16 bytes each. */
  message: Uint8Array
  attachment: Uint8Array
  /** The text of the message, where the message is new. */
  body: string | null
}

/** A file that is announced and that not all who should keep it have. */
export interface FileDue {
  conversation: CID
  action: CID
  root: CID
  sizeBytes: number
  /** Wall milliseconds of when it was announced. */
  at: number
  /** Devices that have it, by their DIDs. */
  done: string[]
}

/** What this device knows about files beside their blocks. */
export interface AttachRecords {
  putAttaching(attaching: Attaching): Promise<void>
  attaching(add: string): Promise<Attaching | undefined>
  allAttaching(): AsyncGenerator<Attaching>
  dropAttaching(add: string): Promise<void>
  /** Notes, durably, that a file has to reach others, and where it is named. */
  putDue(due: FileDue): Promise<void>
  updateDue(due: FileDue): Promise<void>
  due(): AsyncGenerator<FileDue>
  /** Takes a file off the queue, for one action or, without, for all. */
  dropDue(root: CID, action?: CID): Promise<void>
  /** Notes that a conversation names a file whose blocks are here, or will be. */
  name(conversation: CID, root: CID): Promise<void>
  /** Yields the roots, as texts, that were noted for a conversation. */
  named(conversation: CID): AsyncGenerator<string>
  /** Forgets one; tells whether another conversation names the file. */
  unname(conversation: CID, root: string): Promise<void>
  isNamedElsewhere(conversation: CID, root: string): Promise<boolean>
}

const ATTACHING = '/parley/attaching/'
const DUE = '/parley/file-due/'
const NAMED = '/parley/file-named/'
const ROOTS = '/parley/file-roots/'

const id = bytesSchema({ exactBytes: 16 })
const attachingCodec: Codec<Attaching & { v: 1 }> = createCodec('file being attached', z.strictObject({
  v: z.literal(1),
  add: z.string().check(z.maxLength(64)),
  conversation: cidSchema,
  message: id,
  attachment: id,
  body: z.nullable(z.string().check(z.maxLength(16_384)))
}), { maxBytes: 96 * 1024 })
const dueCodec: Codec<FileDue & { v: 1 }> = createCodec('file to be brought', z.strictObject({
  v: z.literal(1),
  conversation: cidSchema,
  action: cidSchema,
  root: cidSchema,
  sizeBytes: countSchema(),
  at: countSchema(),
  done: z.array(z.string().check(z.maxLength(256)))
}), { maxBytes: 1024 * 1024 })

export function createAttachRecords ({ store }: { store: Store }): AttachRecords {
  const dueKey = ({ root, action }: Pick<FileDue, 'root' | 'action'>): string => `${DUE}${root.toString()}/${action.toString()}`
  const dueChange = (due: FileDue): Change => ({ type: 'put', key: dueKey(due), value: dueCodec.encode({ v: 1, ...due }) })
  const names = (conversation: CID, root: string): string[] => [`${NAMED}${conversation.toString()}/${root}`, `${ROOTS}${root}/${conversation.toString()}`]
  const nameChanges = (conversation: CID, root: CID): Change[] => names(conversation, root.toString()).map(key => ({ type: 'put', key, value: new Uint8Array(0) }))
  const attachingOf = ({ v: _version, ...attaching }: Attaching & { v: 1 }): Attaching => attaching

  return {
    async putAttaching (attaching) {
      const { message, attachment } = attaching
      const value = attachingCodec.encode({ v: 1, ...attaching, message: new Uint8Array(message), attachment: new Uint8Array(attachment) })
      await store.commit([{ type: 'put', key: ATTACHING + attaching.add, value }], { durable: true })
    },
    async attaching (add) {
      const value = await store.get(ATTACHING + add)
      return value === undefined ? undefined : attachingOf(attachingCodec.decode(value))
    },
    async * allAttaching () {
      for await (const { value } of store.entries(ATTACHING)) yield attachingOf(attachingCodec.decode(value))
    },
    async dropAttaching (add) { await store.commit([{ type: 'delete', key: ATTACHING + add }]) },
    async putDue (due) { await store.commit([dueChange(due), ...nameChanges(due.conversation, due.root)], { durable: true }) },
    async updateDue (due) { await store.commit([dueChange(due)]) },
    async * due () {
      for await (const { value } of store.entries(DUE)) {
        const { v: _version, ...due } = dueCodec.decode(value)
        yield due
      }
    },
    async dropDue (root, action) {
      const changes: Change[] = []
      for await (const { key } of store.entries(`${DUE}${root.toString()}/${action?.toString() ?? ''}`)) changes.push({ type: 'delete', key })
      if (changes.length > 0) await store.commit(changes)
    },
    async name (conversation, root) { await store.commit(nameChanges(conversation, root)) },
    async * named (conversation) {
      const prefix = `${NAMED}${conversation.toString()}/`
      for await (const { key } of store.entries(prefix)) yield key.slice(prefix.length)
    },
    async unname (conversation, root) { await store.commit(names(conversation, root).map(key => ({ type: 'delete', key }))) },
    async isNamedElsewhere (conversation, root) {
      const prefix = `${ROOTS}${root}/`
      for await (const { key } of store.entries(prefix)) if (key.slice(prefix.length) !== conversation.toString()) return true
      return false
    }
  }
}
