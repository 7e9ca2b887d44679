import type { GraphAction } from './read-actions.ts'

/** Places of actions that are drawn as one node, in the common order. */
export type Group = number[]

/**
 * Returns which actions share a node, so that there are not many more than
 * `maxNodes`: first what follows one by one, whoever wrote it, then what stands
 * next to each other in the common order. Forks, conflicts, heads and
 * landmarks keep a node of their own as long as there is room for them, and
 * no group reaches over an epoch.
 */
export function collapse (actions: GraphAction[], maxNodes: number): Group[] {
  const single = actions.map((_action, place) => [place])
  if (actions.length <= maxNodes) return single
  const runs = join(single, actions, ([last], next) => isLinear(actions, last ?? 0, next))
  if (runs.length <= maxNodes) return runs
  const kept = runs.filter(group => isKept(actions, group)).length
  const room = Math.max(1, maxNodes - 2 * kept)
  const size = Math.ceil(actions.length / room)
  const chunks = join(runs, actions, (group, next, length) => length < size && !isKept(actions, group) && !isKept(actions, [next]))
  if (chunks.length <= maxNodes * 2) return chunks
  // More landmarks than a picture holds: they are counted like the rest.
  const all = Math.ceil(actions.length / maxNodes)
  return join(single, actions, (_group, _next, length) => length < all)
}

/** Joins neighbours of one epoch while `fits` says so of the last places of a group, what comes next and how long the group is. */
function join (groups: Group[], actions: GraphAction[], fits: (last: Group, next: number, length: number) => boolean): Group[] {
  const joined: Group[] = []
  for (const group of groups) {
    const before = joined.at(-1)
    const [first = 0] = group
    const last = before?.at(-1)
    const isSameEpoch = last !== undefined && actions[last]?.epoch === actions[first]?.epoch
    if (before !== undefined && last !== undefined && isSameEpoch && fits([last], first, before.length + group.length)) before.push(...group)
    else joined.push([...group])
  }
  return joined
}

/** Tells whether two neighbours follow one by one, with nothing beside them worth a look. */
function isLinear (actions: GraphAction[], last: number, next: number): boolean {
  const [a, b] = [actions[last], actions[next]]
  if (a === undefined || b === undefined || isKept(actions, [last]) || isKept(actions, [next])) return false
  // The author's own previous action may be further back: then it is an ancestor of what comes between.
  return b.prev === last || b.heads.includes(last)
}

function isKept (actions: GraphAction[], group: Group): boolean {
  return group.some(place => {
    const action = actions[place]
    return action === undefined || action.isFork || action.conflict !== undefined || action.isLandmark || action.children === 0
  })
}
