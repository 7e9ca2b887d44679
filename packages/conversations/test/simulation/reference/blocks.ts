import * as dagCbor from '@ipld/dag-cbor'
import { cidOf, type CID } from '@parley/core'

/** An action as a generic reader of DAG-CBOR sees it. */
export interface PlainAction {
  cid: CID
  name: string
  bytes: Uint8Array
  author: Uint8Array
  person: Uint8Array
  /** Hex of the keys. */
  authorName: string
  personName: string
  seq: number
  prev: string | undefined
  /** Names of all that it follows, its author's previous action among them. */
  parents: string[]
  wallMs: number
  counter: number
  epoch: number
  access: { add: Array<{ person: string, permission: number, history: number }>, remove: string[] } | undefined
  keys: Array<{ device: string, enc: Uint8Array, ct: Uint8Array }>
  sealed: Uint8Array
}

export interface PlainBasics { creator: string, time: number, subject: Uint8Array }

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Body {
  author: Uint8Array
  person: Uint8Array
  seq: number
  prev: CID | null
  heads: CID[]
  time: [number, number, number]
  epoch: number
  access?: { add: Array<{ person: Uint8Array, permission: number, history: number }>, remove: Uint8Array[] }
  keys?: Array<{ device: Uint8Array, enc: Uint8Array, ct: Uint8Array }>
  sealed: Uint8Array
}

export function readBasics (bytes: Uint8Array): PlainBasics {
  const { creator, time, subject } = dagCbor.decode<{ creator: Uint8Array, time: number, subject: Uint8Array }>(bytes)
  return { creator: hexOf(creator), time, subject }
}

/** Reads an action of which it is known that it is well formed. */
export function readPlain (bytes: Uint8Array): PlainAction {
  const [body] = dagCbor.decode<[Body, Uint8Array]>(bytes)
  const cid = cidOf(bytes)
  const prev = body.prev === null ? undefined : body.prev.toString()
  return {
    cid,
    name: cid.toString(),
    bytes,
    author: body.author,
    person: body.person,
    authorName: hexOf(body.author),
    personName: hexOf(body.person),
    seq: body.seq,
    prev,
    parents: [...prev === undefined ? [] : [prev], ...body.heads.map(String)],
    wallMs: body.time[0],
    counter: body.time[1],
    epoch: body.epoch,
    access: body.access === undefined ? undefined : { add: body.access.add.map(({ person, permission, history }) => ({ person: hexOf(person), permission, history })), remove: body.access.remove.map(hexOf) },
    keys: (body.keys ?? []).map(({ device, enc, ct }) => ({ device: hexOf(device), enc, ct })),
    sealed: body.sealed
  }
}
