import { encodeCanonical } from '@parley/core'
import type { ConversationState } from '../../src/index.ts'

/** Returns the bytes of a state that are the same wherever the same actions and keys are: without what it is to one person. */
export function canonicalState ({ status: _status, ...shared }: ConversationState): Uint8Array {
  return encodeCanonical(defined(shared))
}

/** Returns a value without what is undefined, which DAG-CBOR cannot say. */
function defined (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(defined)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined).map(([key, field]) => [key, defined(field)]))
}

/** Returns where two states differ, for people. */
export function differenceOf (a: ConversationState, b: ConversationState): string {
  for (const key of Object.keys({ ...a, ...b }) as Array<keyof ConversationState>) {
    if (key === 'status') continue
    const [left, right] = [JSON.stringify(a[key]), JSON.stringify(b[key])]
    if (left !== right) return `${key}: ${left} is not ${right}`
  }
  return 'nothing'
}
