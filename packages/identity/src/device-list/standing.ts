import { isIn } from './causal-past.ts'
import { compareCids, type ChangeRecord } from './change.ts'
import { placesBy, type ChangeSet, type PlacedChange } from './change-set.ts'
import { succession } from './succession.ts'

/** Why a change has no effect, in words for people. */
export type Reason = 'the person has a successor' | 'its author was not an admin' | 'its author was revoked, and whoever did so had not seen it' | 'the device was revoked' | 'nobody revoked the device' | 'a revocation with precedence undid it'

/** For each change in its place, why it has no effect; undefined when it counts. */
export type Standing = Array<Reason | undefined>

/** Decides, given which revocations have an effect, which changes count. */
export interface Judge {
  /**
   * `decided` says of revocations that had their turn, by their place, whether
   * they have an effect. Those not in it have none on others, and are judged
   * like any change.
   */
  judge(decided: ReadonlyMap<number, boolean>): Standing
  /** Returns the place of the change that first made a device an admin among those that count, and the place of the device in it. */
  admission(device: string, standing: Standing): { place: number, within: number } | undefined
}

/** Prepares to judge the changes of a set, again and again. */
export function createJudge ({ changes, pasts }: ChangeSet): Judge {
  const last = succession({ changes, pasts })
  const puts = placesBy(changes, ({ records }) => records.map(({ device }) => device))
  return {
    judge (decided) {
      const standing: Standing = []
      const effective = placesBy(changes, ({ kind, device }, place) => kind === 'revoke' && device !== undefined && decided.get(place) === true ? [device] : [])
      changes.forEach((_change, place) => { standing.push(reasonAt(place, { decided, effective, standing })) })
      return standing
    },
    admission (device, standing) {
      for (const place of puts.get(device) ?? []) {
        if (standing[place] !== undefined) continue
        const within = changes[place]?.records.findIndex(record => record.device === device) ?? -1
        if (changes[place]?.records[within]?.record.roles.includes('admin') === true) return { place, within }
      }
      return undefined
    }
  }

  function reasonAt (place: number, { decided, effective, standing }: { decided: ReadonlyMap<number, boolean>, effective: Map<string, number[]>, standing: Standing }): Reason | undefined {
    const change = changes[place]
    if (change === undefined) return undefined
    const { author, kind, device = '', body: { at } } = change
    if (last !== undefined && place !== last && !isIn(pasts[last], place) && isClosed(change)) return 'the person has a successor'
    if (author !== undefined) {
      // Whoever is revoked must not extend the past: all that the revocation
      // had not seen is void. But a revocation that had its turn before stands:
      // or a junior's that pretends to have seen nothing would undo it.
      if (decided.get(place) !== true && effective.get(author)?.some(revocation => revocation !== place && !isIn(pasts[revocation], place)) === true) return 'its author was revoked, and whoever did so had not seen it'
      if (!isAdmin(author, place, at, standing)) return 'its author was not an admin'
    }
    const wasRevoked = effective.get(device)?.some(revocation => isIn(pasts[place], revocation)) === true
    if (kind === 'put' && wasRevoked) return 'the device was revoked'
    if (kind === 'erase' && !wasRevoked) return 'nobody revoked the device'
    if (decided.get(place) === false) return 'a revocation with precedence undid it'
    return undefined
  }

  function isAdmin (device: string, place: number, at: number, standing: Standing): boolean {
    const seen = (puts.get(device) ?? []).filter(before => standing[before] === undefined && isIn(pasts[place], before))
    const record = latestRecord({ changes, pasts }, seen, device)
    return record !== undefined && record.roles.includes('admin') && (record.expires === undefined || at < record.expires)
  }
}

/** Tells whether a change has to come before a successor is named: whoever kept the old key must not add devices, or take back what was signed. */
function isClosed ({ author, kind }: PlacedChange): boolean {
  return kind === 'put' || kind === 'successor' || (author === undefined && (kind === 'revoke' || kind === 'erase'))
}

/** Returns which of several changes about one thing is the last word: one that no other builds on; of several, the latest, then that with the greatest CID. */
export function lastWord ({ changes, pasts }: Pick<ChangeSet, 'changes' | 'pasts'>, places: number[]): PlacedChange | undefined {
  const open = places.filter(place => !places.some(other => isIn(pasts[other], place)))
  return open.flatMap(place => changes[place] ?? []).sort((a, b) => b.body.at - a.body.at || compareCids(b.cid, a.cid))[0]
}

/** Returns what the last word among `places` says of a device. */
export function latestRecord (set: Pick<ChangeSet, 'changes' | 'pasts'>, places: number[], device: string): ChangeRecord | undefined {
  return lastWord(set, places)?.records.find(record => record.device === device)?.record
}
