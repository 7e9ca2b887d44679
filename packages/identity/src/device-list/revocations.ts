import { isIn } from './causal-past.ts'
import type { ChangeSet } from './change-set.ts'
import { MAX_DEVICES } from './limits.ts'
import { createJudge, type Judge, type Standing } from './standing.ts'

// Only somebody who means harm comes near it: each round takes two admins who
// revoke one another's grounds behind each other's back.
const MAX_ROUNDS = 8

/**
 * Decides which changes of a set count, by the rule of
 * docs/specs/0001-identity.md, "Which changes count". A function of the set
 * alone: replicas with the same changes agree, however these came.
 */
export function judgeChanges (set: ChangeSet): Standing {
  const judge = createJudge(set)
  const revocations = set.changes.flatMap(({ kind }, place) => kind === 'revoke' ? [place] : [])
  if (!revocations.some(place => isContested(set, place))) return settle(set, judge, new Map())
  const undone = new Set<number>()
  for (let round = 0; ; round++) {
    const decided = decide(set, judge, revocations, undone)
    const standing = settle(set, judge, decided)
    const fallen = [...decided].filter(([place, holds]) => holds && standing[place] !== undefined).map(([place]) => place)
    const last = fallen.at(-1)
    if (last === undefined) return standing
    // It counted at its turn, and a later one voided what made its author an
    // admin. Of several the last alone: the others may have fallen to it.
    undone.add(last)
    if (round === MAX_ROUNDS) return abandon(set, judge, decided, fallen)
  }
}

/** Goes through the revocations by precedence, and says of each at its turn whether it counts. In the order of the turns. */
function decide (set: ChangeSet, judge: Judge, revocations: number[], undone: ReadonlySet<number>): Map<number, boolean> {
  const decided = new Map<number, boolean>()
  for (const place of undone) decided.set(place, false)
  const open = revocations.filter(place => !undone.has(place))
  let standing = judge.judge(decided)
  while (open.length > 0) {
    const next = nextOf(set, judge, open, standing)
    open.splice(open.indexOf(next), 1)
    const holds = standing[next] === undefined
    decided.set(next, holds)
    // One without effect changes nothing for the others.
    if (holds) standing = judge.judge(decided)
  }
  return decided
}

/** Returns the revocation whose turn it is: none before those it builds on, and of those that are ready the one with precedence. */
function nextOf ({ changes, pasts }: ChangeSet, judge: Judge, open: number[], standing: Standing): number {
  const seniority = new Map(open.map(place => [place, seniorityOf(place)]))
  const turns = open.flatMap(place => {
    if (open.some(other => isIn(pasts[place], other))) return []
    // Whatever a senior's revocation builds on goes with it: it must not be
    // overtaken by a junior's that pretends to have seen nothing.
    const own = seniority.get(place) ?? Infinity
    const best = open.reduce((best, heir) => isIn(pasts[heir], place) ? Math.min(best, seniority.get(heir) ?? Infinity) : best, own)
    return [{ place, own, best }]
  })
  // Infinity less Infinity is not a number, hence the comparisons.
  const [first] = turns.sort((a, b) => order(a.best, b.best) || order(a.own, b.own) || a.place - b.place)
  return first?.place ?? 0

  /** The lower, the more senior: the person, then devices by the change that made them admins. */
  function seniorityOf (place: number): number {
    if (standing[place] !== undefined) return Infinity
    const author = changes[place]?.author
    if (author === undefined) return -1
    const admission = judge.admission(author, standing)
    return admission === undefined ? Infinity : admission.place * MAX_DEVICES + admission.within
  }
}

/** Judges all changes once revocations are decided; those that had no turn hold when they count, since their order does not matter. */
function settle (set: ChangeSet, judge: Judge, decided: ReadonlyMap<number, boolean>): Standing {
  const all = new Map(decided)
  const standing = judge.judge(decided)
  set.changes.forEach(({ kind }, place) => {
    if (kind === 'revoke' && !all.has(place)) all.set(place, standing[place] === undefined)
  })
  return judge.judge(all)
}

/** Ends a dispute that has no end: what fell has no effect, and nothing is decided again. */
function abandon (set: ChangeSet, judge: Judge, decided: Map<number, boolean>, fallen: number[]): Standing {
  let down = fallen
  for (;;) {
    for (const place of down) decided.set(place, false)
    const standing = settle(set, judge, decided)
    down = [...decided].filter(([place, holds]) => holds && standing[place] !== undefined).map(([place]) => place)
    if (down.length === 0) return standing
  }
}

/** Tells whether a revocation could void a change: its device wrote something that it had not seen. */
function isContested ({ changes, pasts }: ChangeSet, place: number): boolean {
  return changes.some(({ author }, other) => author !== undefined && author === changes[place]?.device && other !== place && !isIn(pasts[place], other))
}

function order (a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
