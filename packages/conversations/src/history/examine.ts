import { MAX_AHEAD_MS, type CID } from '@parley/core'
import { didFromPublicKey, verifySignature, type DeviceList, type Did } from '@parley/identity'
import { compareAt } from '../format/cbor-reader.ts'
import { keyName } from '../format/key-name.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import { checkDevice } from '../merge/check-device.ts'
import { faultOf } from './finding.ts'
import { nodeOf, type LineageNode } from './lineage.ts'
import type { FindList, HistoryFinding } from './types.ts'

const TAIL_BYTES = 66

/** What an action is found to be by itself, whatever it follows. */
export interface Examined {
  /** Undefined for an action of another conversation. */
  node: LineageNode | undefined
  /** Why its device may not write for its person at its time. */
  deviceError: Error | undefined
  faults: HistoryFinding[]
}

/** Looks at one action after the other; lists are looked up once a person. */
export type Examine = (cid: CID, action: ParsedAction) => Promise<Examined>

/**
 * Creates what checks all of an action that needs no other action: its
 * conversation, device, time and its own signature, each whatever the others
 * come to. Merging asks one signature an author; this asks every one.
 */
export function createExaminer ({ conversation, lists, now }: { conversation: CID, lists: FindList, now: number }): Examine {
  const known = new Map<string, { person: Did, device: Did, list: DeviceList | undefined }>()
  const pairOf = async ({ bytes, authorAt, personAt }: ParsedAction): Promise<{ person: Did, device: Did, list: DeviceList | undefined }> => {
    const name = keyName(bytes, authorAt) + keyName(bytes, personAt)
    const before = known.get(name)
    if (before !== undefined) return before
    const person = didFromPublicKey(bytes.subarray(personAt, personAt + 32))
    const pair = { person, device: didFromPublicKey(bytes.subarray(authorAt, authorAt + 32)), list: await lists(person) }
    known.set(name, pair)
    return pair
  }
  return async (cid, action) => {
    const { bytes, authorAt, conversationAt, time: { wallMs } } = action
    if (compareAt(bytes, conversationAt, conversation.multihash.digest, 0, 32) !== 0) {
      return { node: undefined, deviceError: undefined, faults: [faultOf('foreign-action', cid, 'This action belongs to another conversation', action)] }
    }
    const faults: HistoryFinding[] = []
    const { person, device, list } = await pairOf(action)
    const deviceError = checkDevice(list, person, device, wallMs)
    if (deviceError !== undefined) {
      const kind = deviceError.name === 'UnknownDeviceError' ? 'unknown-device' : 'device-without-role'
      faults.push(faultOf(kind, cid, deviceReason(list, device, wallMs), action))
    }
    const isSigned = await verifySignature(bytes.subarray(authorAt, authorAt + 32), 'action', bytes.subarray(1, bytes.length - TAIL_BYTES), bytes.subarray(bytes.length - 64))
    if (!isSigned) faults.push(faultOf('forged-signature', cid, 'The signature on this action is not by the device that it names', action))
    if (wallMs - now > MAX_AHEAD_MS) faults.push(faultOf('future-time', cid, `This action’s time, ${moment(wallMs)}, is yet to come`, action))
    return { node: nodeOf(action, cid.multihash.digest, isSigned), deviceError, faults }
  }
}

function deviceReason (list: DeviceList | undefined, device: Did, at: number): string {
  if (list === undefined) return 'The device list of the person who wrote this is not here'
  const record = list.devices.find(record => record.device === device)
  if (record === undefined) return 'The device that wrote this is on no list of its person that is here'
  if (at < record.added) return `The device that wrote this at ${moment(at)} was added to its person’s list only at ${moment(record.added)}`
  if (record.revoked !== undefined && at >= record.revoked) return `The device that wrote this at ${moment(at)} had been revoked at ${moment(record.revoked)}`
  if (record.expires !== undefined && at >= record.expires) return `The device that wrote this at ${moment(at)} had expired at ${moment(record.expires)}`
  return `The device that wrote this may not speak for its person: it is listed as ${record.roles.join(', ')}`
}

function moment (wallMs: number): string {
  return new Date(wallMs).toISOString()
}
