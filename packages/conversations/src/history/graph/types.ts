import type { Did } from '@parley/identity'
import type { GraphKind } from './kinds.ts'

/** One action of a graph, or several that were drawn together. */
export interface GraphNode {
  /** Its row, from 0: the common order, downwards. */
  row: number
  /** The lanes that it lies in: one, or those of all whose actions it stands for. */
  lanes: number[]
  /** How many actions it stands for. */
  count: number
  kind: GraphKind
  /** In words: what was done, or what it stands for. */
  label: string
  /** The CID of its action, or of the first one. */
  cid: string
  /** Wall milliseconds, of the last of its actions too. */
  from: number
  to: number
  epoch: number
  /** An action of its author took the same place of their chain. */
  isFork: boolean
  /** Why it has no effect, or lost against another made at once, where it did. */
  conflict: string | undefined
  /** Nothing follows it. */
  isHead: boolean
}

/** A link: of an action to its author's previous one, or to another that it had seen. */
export interface GraphEdge {
  /** Rows; `to` follows `from`. */
  from: number
  to: number
  kind: 'prev' | 'head'
}

/** A device that wrote. */
export interface GraphLane {
  device: Did
  person: Did
  name: string
}

/** Rows of one key epoch, `to` being the last of them. */
export interface GraphBand {
  epoch: number
  from: number
  to: number
}

/** A conversation as a picture, before it is drawn. */
export interface HistoryGraph {
  title: string
  /** Actions, however many of them share a node. */
  actions: number
  lanes: GraphLane[]
  nodes: GraphNode[]
  edges: GraphEdge[]
  bands: GraphBand[]
}
