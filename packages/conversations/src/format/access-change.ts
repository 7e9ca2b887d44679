import type { History, Permission } from '../actions/content.ts'

/** Permissions by the numbers that they have on the wire: each allows what those before it do. */
export const PERMISSIONS: readonly Permission[] = ['read', 'comment', 'write', 'full']
/** By their numbers on the wire. */
export const HISTORIES: readonly History[] = ['all', 'from-now']

/** Somebody who may hold the log from an action on; somebody who may already has this permission from then on. */
export interface AccessGrant {
  /** 32-byte key. */
  person: Uint8Array
  permission: Permission
  /** Without meaning for somebody who is in. */
  history: History
}

/** People who may hold the log from an action on, and who may no longer; each in order of their 32-byte keys, nobody twice. */
export interface AccessChange {
  add: AccessGrant[]
  remove: Uint8Array[]
}
