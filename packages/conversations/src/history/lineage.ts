import { keyName } from '../format/key-name.ts'
import { LINK_BYTES } from '../format/cbor-reader.ts'
import type { ParsedAction } from '../format/parse-action.ts'

/** What is kept of an action while a history is judged: its hash, and those of what it follows. */
export interface LineageNode {
  hash: Uint8Array
  wallMs: number
  counter: number
  /** `keyName` of the hash of the author's previous action. */
  prev: string | undefined
  /** `keyName` of the author's key. */
  author: string
  /** `keyName` of the hashes of all that it follows; `prev` first. */
  parents: string[]
  /** Whether its own signature is good. */
  isSigned: boolean
  /** Whether its own or a later signature of the author vouches for it. */
  isGenuine: boolean
}

/** The actions of a history by the hashes of their blocks, however they came. */
export type Lineage = Map<string, LineageNode>

export function nodeOf (action: ParsedAction, hash: Uint8Array, isSigned: boolean): LineageNode {
  const { bytes, prevAt, authorAt, time } = action
  const prev = prevAt < 0 ? undefined : keyName(bytes, prevAt)
  const heads = headsOf(action)
  return {
    hash,
    wallMs: time.wallMs,
    counter: time.counter,
    author: keyName(bytes, authorAt),
    prev,
    parents: prev === undefined ? heads : [prev, ...heads],
    isSigned,
    isGenuine: isSigned
  }
}

/** Returns `keyName` of the hashes of an action's heads. */
export function headsOf ({ bytes, headsAt, headCount }: ParsedAction): string[] {
  return Array.from({ length: headCount }, (_none, index) => keyName(bytes, headsAt + index * LINK_BYTES))
}

/**
 * Returns the nodes so that each comes after those of its parents that are
 * here. By links alone and not by time, which may be what is wrong.
 */
export function causalOrder (lineage: Lineage): LineageNode[] {
  const children = new Map<string, string[]>()
  const waitsFor = new Map<string, number>()
  const ready: string[] = []
  for (const [name, { parents }] of lineage) {
    const here = parents.filter(parent => lineage.has(parent))
    for (const parent of here) {
      const known = children.get(parent)
      if (known === undefined) children.set(parent, [name])
      else known.push(name)
    }
    if (here.length === 0) ready.push(name)
    else waitsFor.set(name, here.length)
  }
  const order: LineageNode[] = []
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    const node = lineage.get(name)
    if (node !== undefined) order.push(node)
    for (const child of children.get(name) ?? []) {
      const left = (waitsFor.get(child) ?? 1) - 1
      waitsFor.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  return order
}

/** Lets good signatures vouch for what they reach by links to an author's previous action, as merging does. */
export function vouch (lineage: Lineage, order: LineageNode[]): void {
  for (const node of order.toReversed()) {
    if (!node.isGenuine || node.prev === undefined) continue
    const prev = lineage.get(node.prev)
    if (prev !== undefined && prev.author === node.author) prev.isGenuine = true
  }
}
