import { didFromPublicKey, type DeviceList, type Did, type People } from '@parley/identity'
import { compareAt } from '../format/cbor-reader.ts'
import { keyName } from '../format/key-name.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import type { Candidate } from './candidate.ts'
import { checkDevice } from './check-device.ts'

/** A device that writes for a person, and what is known of it. */
interface Pair {
  /** An action of theirs, whose bytes hold both keys. */
  of: ParsedAction
  person: Did
  device: Did
  list: DeviceList | undefined
  /** Times between which the device is known to be good: its roles hold from one time to another. */
  good: { from: number, to: number } | undefined
}

/**
 * Returns why candidates' devices may not write for their persons at their
 * times; those that may are not in it. Each person's list is read once.
 */
export async function findDeviceErrors (people: People, candidates: Iterable<Candidate>): Promise<Map<Candidate, Error>> {
  const pairs = new Map<string, Pair>()
  const errors = new Map<Candidate, Error>()
  let last: Pair | undefined
  for (const candidate of candidates) {
    const { action } = candidate
    // Actions of one author come together, and comparing is cheaper than naming.
    const pair: Pair = last !== undefined && isSamePair(last.of, action) ? last : await pairOf(people, pairs, action)
    last = pair
    const error = errorAt(pair, action.time.wallMs)
    if (error !== undefined) errors.set(candidate, error)
  }
  return errors
}

async function pairOf (people: People, pairs: Map<string, Pair>, action: ParsedAction): Promise<Pair> {
  const { bytes, authorAt, personAt } = action
  const name = keyName(bytes, authorAt) + keyName(bytes, personAt)
  const known = pairs.get(name)
  if (known !== undefined) return known
  const person = didFromPublicKey(bytes.subarray(personAt, personAt + 32))
  const pair: Pair = { of: action, person, device: didFromPublicKey(bytes.subarray(authorAt, authorAt + 32)), list: await people.list(person), good: undefined }
  pairs.set(name, pair)
  return pair
}

function errorAt (pair: Pair, at: number): Error | undefined {
  const { good } = pair
  if (good !== undefined && at >= good.from && at <= good.to) return undefined
  const error = checkDevice(pair.list, pair.person, pair.device, at)
  if (error === undefined) pair.good = { from: Math.min(at, good?.from ?? at), to: Math.max(at, good?.to ?? at) }
  return error
}

function isSamePair (a: ParsedAction, b: ParsedAction): boolean {
  return compareAt(a.bytes, a.authorAt, b.bytes, b.authorAt, 32) === 0 && compareAt(a.bytes, a.personAt, b.bytes, b.personAt, 32) === 0
}
