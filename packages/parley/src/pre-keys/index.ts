export { PreKeysRefusedError } from './errors.ts'
export { PRE_KEY_PROTOCOL } from './frames.ts'
export { createPreKeyClient, type PreKeyClient, type PreKeyClientComponents, type PreKeyClientEvents } from './pre-key-client.ts'
export { createPreKeyHolder, type PreKeyHolder, type PreKeyHolderComponents, type PreKeyHolderEvents, type PreKeyHolderInit } from './pre-key-holder.ts'
