export { HiddenReaderError } from './errors.ts'
export { mediaHoldersOf, readersOf, receiversOf } from './receivers.ts'
export type { GuestPair, HiddenParticipants } from './types.ts'
