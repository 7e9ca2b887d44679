/** Who did something, and when: a DID and an ISO 8601 time. */
export interface JsonDeed { by: string, at: string }

/** What was done at once with something else, and lost. */
export interface JsonConflict extends JsonDeed { kind: 'edit' | 'delete' | 'lock', /** The action's CID. */ action: string, /** Of an edit: what it would have made. */ value?: unknown }

export interface JsonPerson {
  did: string
  name: string
  /** Null of somebody who is in no longer. */
  permission: 'full' | 'write' | 'comment' | 'read' | null
  /** Since when somebody is out, and by whom. */
  out: JsonDeed | null
}

export interface JsonVoice {
  durationMs: number
  cutOff: boolean
  reason: string | null
  /** A path in the export, or null where the recording is not in it. */
  file: string | null
}

export interface JsonFile {
  name: string
  mediaType: string
  sizeBytes: number
  /** Of the file, in hex. */
  sha256: string | null
  /** A path in the export, or null where the file is not in it. */
  file: string | null
}

export interface JsonMessage {
  id: string
  author: string
  device: string
  at: string
  /** The author's UTC offset. */
  offsetMinutes: number
  format: 'plain' | 'markdown'
  /** Null while it is deleted, or where it is a voice alone. */
  body: string | null
  /** The message that it is about, and which part of its body, in UTF-16 units. */
  parent: string | null
  part: { from: number, to: number } | null
  edited: { by: string[], at: string } | null
  deleted: JsonDeed | null
  voice: JsonVoice | null
  files: JsonFile[]
  reactions: Array<{ reaction: string, by: string[] }>
  played: Array<JsonDeed & { positionMs: number, done: boolean }>
  conflicts: JsonConflict[]
}

export interface JsonExtra {
  id: string
  kind: string
  author: string
  at: string
  message: string | null
  /** Null while it is deleted. */
  text: string | null
  /** As DAG-JSON would say it: bytes as `{"/":{"bytes":…}}`, links as `{"/":…}`. */
  data: unknown
  responses: Array<JsonDeed & { answer: string | number[] }>
  deleted: JsonDeed | null
}

export interface JsonCall {
  id: string
  author: string
  startedAt: string
  durationMs: number
  kinds: string[]
  outcome: string
  participants: string[]
  missed: string[]
}

/** The file `conversation.json` of an export. Fields are added in later versions, never changed or taken away. */
export interface ConversationJson {
  format: 'parley-conversation'
  version: 1
  id: string
  subject: string | null
  creator: string
  created: string
  exported: string
  /** To whoever exported it. */
  status: 'active' | 'expired' | 'left' | 'removed' | 'hidden'
  expires: string | null
  people: JsonPerson[]
  labels: string[]
  messages: JsonMessage[]
  extras: JsonExtra[]
  calls: JsonCall[]
  seen: Array<{ person: string, action: string, at: string }>
  conflicts: { subject: JsonConflict[], expiry: JsonConflict[] }
  /** CIDs of the actions that no other follows. */
  heads: string[]
  /** Devices that signed two actions for one place. */
  forked: string[]
  /** Actions that whoever exported it could not read. */
  unreadable: number
}
