/** An encoded device list is never larger. */
export const MAX_DEVICE_LIST_BYTES = 48 * 1024
/** How many devices a list may name, revoked ones included. */
export const MAX_DEVICES = 128
/** How many changes a list may hold. */
export const MAX_CHANGES = 512
// What admin devices may use of both, so that the person's key can always
// revoke one that filled the list, or name a successor.
export const MAX_ADMIN_CHANGES = 448
export const MAX_ADMIN_BYTES = 40 * 1024
/** How many changes a change may build on at once. */
export const MAX_PARENTS = 16
