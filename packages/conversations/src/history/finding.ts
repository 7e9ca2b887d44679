import type { CID } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import { parseAction, type ParsedAction } from '../format/parse-action.ts'
import type { FaultKind, HistoryFinding, NoteKind } from './types.ts'

/** What each kind of fault means to whoever relies on the conversation. */
const MEANING: Record<FaultKind, string> = {
  'altered-block': 'Somebody or a failing disk changed it; another holder of the conversation has it as it was.',
  'missing-block': 'What builds on it cannot be judged without it; another holder of the conversation has it.',
  'malformed-action': 'No replica takes it in, nor what builds on it.',
  'foreign-action': 'It was put here from elsewhere and says nothing in this conversation.',
  'unknown-device': 'Without the person’s newest device list nobody can tell whose words these are.',
  'device-without-role': 'The person’s device list does not let it speak for them at that time; no replica takes it in.',
  'forged-signature': 'These are not, or not provably, the words of that device.',
  'future-time': 'The author’s clock is wrong or they date ahead; replicas take it in only when that time has come.',
  'time-before-parent': 'It claims to be older than what it had seen; no replica takes it in.',
  'broken-chain': 'The author’s actions do not form one chain there; no replica takes it in.',
  'wrong-epoch': 'It is not sealed for those who could read at that point; no replica takes it in.',
  'not-a-participant': 'Its author had no say in the conversation as far as they had seen; no replica takes it in.',
  'not-permitted': 'Its author knew that they had not the permission for it; no replica lets it count.',
  'out-of-sequence': 'No replica takes it in.',
  fork: 'Both are kept. The device told different people different things, or two copies of it were at work; it deserves no trust any more.',
  'broken-seal': 'Nobody can read it, and its author must have known.',
  'malformed-content': 'It has no effect; its author’s software is wrong or hostile.',
  'clear-sealed-mismatch': 'It has no effect on what people see, and its author deceives those who have no keys.',
  'stale-index': 'The action itself is whole; the store’s own records of it are damaged.',
  'damaged-car': 'What stands before that place was checked; the rest is lost.'
}

/** Makes a finding about a fault: what is wrong, and what that means. */
export function faultOf (kind: FaultKind, cid: CID | null, what: string, action?: ParsedAction): HistoryFinding {
  return { kind, cid, ...authorship(action), message: `${what}. ${MEANING[kind]}` }
}

/** Makes a finding that is no fault. */
export function noteOf (kind: NoteKind, cid: CID | null, what: string, action?: ParsedAction): HistoryFinding<NoteKind> {
  return { kind, cid, ...authorship(action), message: `${what}.` }
}

/** Orders findings by the time of their actions; those about no action come first. */
export function sortFindings<K extends FaultKind | NoteKind> (findings: Array<HistoryFinding<K>>): Array<HistoryFinding<K>> {
  return findings.sort((a, b) => (a.time?.wallMs ?? -1) - (b.time?.wallMs ?? -1) || (a.time?.counter ?? 0) - (b.time?.counter ?? 0) || (a.cid?.toString() ?? '').localeCompare(b.cid?.toString() ?? ''))
}

/** Takes an action apart, or returns undefined where the bytes are none. */
export function tryParse (bytes: Uint8Array): ParsedAction | undefined {
  try {
    return parseAction(bytes)
  } catch {
    return undefined
  }
}

function authorship (action: ParsedAction | undefined): Pick<HistoryFinding, 'author' | 'person' | 'seq' | 'time'> {
  if (action === undefined) return {}
  const { bytes, authorAt, personAt, seq, time } = action
  return {
    author: didFromPublicKey(bytes.subarray(authorAt, authorAt + 32)),
    person: didFromPublicKey(bytes.subarray(personAt, personAt + 32)),
    seq,
    time
  }
}
