import { keyName } from '../../format/key-name.ts'
import { parseAction } from '../../format/parse-action.ts'
import type { DecodedAction } from '../../types.ts'
import { headsOf } from '../lineage.ts'
import { kindOf, type GraphKind } from './kinds.ts'

/** What a graph needs of an action. */
export interface GraphAction {
  lane: number
  cid: string
  wallMs: number
  epoch: number
  kind: GraphKind
  label: string
  /** Why it has no effect, or lost, where it did. */
  conflict: string | undefined
  /** Places in the list of its author's previous action, and of the others that it follows; those that are not here are left out. */
  prev: number | undefined
  heads: number[]
  children: number
  isFork: boolean
  /** Begins the log or an epoch, or changes who is in. */
  isLandmark: boolean
}

export interface ReadActions {
  actions: GraphAction[]
  lanes: Array<{ device: string, person: string }>
}

/** Takes what is drawn out of actions in the common order. */
export async function readActions (source: AsyncIterable<DecodedAction> | Iterable<DecodedAction>, conflicts: ReadonlyMap<string, string>): Promise<ReadActions> {
  const actions: GraphAction[] = []
  const places = new Map<string, number>()
  const lanes = new Map<string, { number: number, device: string, person: string }>()
  const chains = new Map<string, number[]>()
  for await (const action of source) {
    const parsed = parseAction(action.bytes)
    const name = `${action.author} ${action.person}`
    const lane = lanes.get(name) ?? { number: lanes.size, device: action.author, person: action.person }
    lanes.set(name, lane)
    const prev = parsed.prevAt < 0 ? undefined : places.get(keyName(parsed.bytes, parsed.prevAt))
    const heads = headsOf(parsed).map(head => places.get(head)).filter(place => place !== undefined)
    const place = actions.length
    places.set(keyName(action.cid.multihash.digest), place)
    const chain = `${lane.number}/${prev ?? 'first'}`
    chains.set(chain, [...chains.get(chain) ?? [], place])
    const parents = [...prev === undefined ? [] : [prev], ...heads]
    for (const parent of parents) {
      const known = actions[parent]
      if (known !== undefined) known.children++
    }
    const cid = action.cid.toString()
    actions.push({
      lane: lane.number,
      cid,
      wallMs: action.time.wallMs,
      epoch: action.epoch,
      kind: kindOf(action),
      label: labelOf(action),
      conflict: action.ignored === undefined ? conflicts.get(cid) : `no effect: ${action.ignored}`,
      prev,
      heads,
      children: 0,
      isFork: false,
      isLandmark: parsed.access !== undefined || parents.every(parent => (actions[parent]?.epoch ?? 0) < action.epoch)
    })
  }
  for (const branches of chains.values()) {
    for (const place of branches.length > 1 ? branches : []) {
      const branch = actions[place]
      if (branch !== undefined) branch.isFork = true
    }
  }
  return { actions, lanes: [...lanes.values()] }
}

function labelOf ({ content, unreadable }: DecodedAction): string {
  return content === undefined ? unreadable === 'malformed' ? 'malformed content' : 'sealed' : `${content.verb} ${content.thing}`
}
