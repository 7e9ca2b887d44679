import { parseAction } from './parse-action.ts'

/** Tells whether a block that was checked changes who is in. */
export function changesAccess (block: Uint8Array): boolean {
  return parseAction(block).access !== undefined
}
