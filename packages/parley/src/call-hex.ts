import { callBytes } from '@parley/signalling'
import { toString } from 'uint8arrays'

/** The hex of the 16 bytes behind a `call_…` id: the form that records and keepers use. */
export function callHex (call: string): string {
  return toString(callBytes(call), 'hex')
}
