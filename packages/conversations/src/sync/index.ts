export { createSync, type Sync, type SyncAllOutcome, type SyncAllResult, type SyncComponents, type SyncEvents, type SyncInit, type SyncOptions } from './sync.ts'
export type { SyncProgress, SyncResult } from './session.ts'
export { NotAllowedError, PeerRefusedError, ProtocolViolationError, SyncInterruptedError, UnservedFrontierError } from './errors.ts'
export { SYNC_PROTOCOL } from './limits.ts'
