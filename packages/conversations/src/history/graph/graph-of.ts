import type { Did } from '@parley/identity'
import type { DecodedAction } from '../../types.ts'
import { collapse, type Group } from './collapse.ts'
import { readActions, type GraphAction, type ReadActions } from './read-actions.ts'
import type { GraphBand, GraphEdge, GraphLane, GraphNode, HistoryGraph } from './types.ts'

export interface GraphInit {
  title: string
  /** Returns what to call somebody. @default the end of their DID */
  nameOf?: ((person: Did) => string) | undefined
  /** Actions that lost against another made at once, by the text of their CIDs: see `conflictsOf`. */
  conflicts?: ReadonlyMap<string, string> | undefined
  /** More actions than this are drawn several to a node. @default 160 */
  maxNodes?: number | undefined
}

/**
 * Lays a conversation out as a graph: a lane for each device, side by side by
 * person, and the common order downwards.
 *
 * @param actions in the common order, as `Conversation.actions` yields them
 */
export async function graphOf (actions: AsyncIterable<DecodedAction> | Iterable<DecodedAction>, { title, nameOf = tail, conflicts = new Map(), maxNodes = 160 }: GraphInit): Promise<HistoryGraph> {
  const read = await readActions(actions, conflicts)
  const groups = collapse(read.actions, maxNodes)
  const { lanes, numbers } = arrange(read, nameOf)
  const nodes = groups.map((group, row) => nodeOf(group, row, read.actions, numbers))
  return { title, actions: read.actions.length, lanes, nodes, edges: edgesOf(groups, read.actions), bands: bandsOf(nodes) }
}

function tail (did: Did): string {
  return `…${did.slice(-6)}`
}

/** Puts the devices of a person side by side, persons as they came in. */
function arrange ({ lanes }: ReadActions, nameOf: (person: Did) => string): { lanes: GraphLane[], numbers: number[] } {
  const persons = [...new Set(lanes.map(({ person }) => person))]
  const order = lanes.map((lane, number) => ({ ...lane, number })).sort((a, b) => persons.indexOf(a.person) - persons.indexOf(b.person) || a.number - b.number)
  const numbers: number[] = []
  order.forEach(({ number }, place) => { numbers[number] = place })
  const arranged = order.map(({ device, person, number }) => {
    const own = order.filter(other => other.person === person)
    const place = own.findIndex(other => other.number === number)
    return { device, person, name: own.length === 1 ? nameOf(person) : `${nameOf(person)} ${place + 1}` }
  })
  return { lanes: arranged, numbers }
}

function nodeOf (group: Group, row: number, all: GraphAction[], numbers: number[]): GraphNode {
  const actions = group.map(place => all[place]).filter(action => action !== undefined)
  const [first] = actions as [GraphAction]
  const count = actions.length
  const lanes = [...new Set(actions.map(({ lane }) => numbers[lane] ?? lane))].sort((a, b) => a - b)
  const conflicts = actions.filter(({ conflict }) => conflict !== undefined)
  return {
    row,
    lanes,
    count,
    kind: mostOf(actions.map(({ kind }) => kind)) ?? first.kind,
    label: count === 1 ? first.label : `${count.toLocaleString('en')} actions`,
    cid: first.cid,
    from: first.wallMs,
    to: actions.at(-1)?.wallMs ?? first.wallMs,
    epoch: first.epoch,
    isFork: actions.some(({ isFork }) => isFork),
    conflict: conflicts.length === 0 ? undefined : count === 1 ? conflicts[0]?.conflict : `${conflicts.length} without effect or lost`,
    isHead: actions.some(({ children }) => children === 0)
  }
}

function mostOf<T> (values: T[]): T | undefined {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0]
}

/** Returns the links between nodes, each once; where one is of both kinds, as to the author's own. */
function edgesOf (groups: Group[], actions: GraphAction[]): GraphEdge[] {
  const rowOf = new Int32Array(actions.length)
  groups.forEach((group, row) => { for (const place of group) rowOf[place] = row })
  const edges = new Map<string, GraphEdge>()
  actions.forEach(({ prev, heads }, place) => {
    const to = rowOf[place] ?? 0
    const add = (parent: number, kind: GraphEdge['kind']): void => {
      const from = rowOf[parent] ?? 0
      const name = `${from}-${to}`
      if (from !== to && (kind === 'prev' || !edges.has(name))) edges.set(name, { from, to, kind })
    }
    if (prev !== undefined) add(prev, 'prev')
    for (const head of heads) add(head, 'head')
  })
  return [...edges.values()]
}

function bandsOf (nodes: GraphNode[]): GraphBand[] {
  const bands: GraphBand[] = []
  for (const { epoch, row } of nodes) {
    const last = bands.at(-1)
    if (last?.epoch === epoch) last.to = row
    else bands.push({ epoch, from: row, to: row })
  }
  return bands
}
