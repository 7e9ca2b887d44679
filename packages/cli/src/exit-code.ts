import { EXIT } from './io.ts'

/** Which exit code an error leads to; what is not named here is 1. */
const CODES: Record<string, number> = {
  AbortError: EXIT.interrupted,
  UsageError: EXIT.usage,
  InvalidArgumentError: EXIT.usage,
  InvalidDidError: EXIT.usage,
  InvalidUrlError: EXIT.usage,
  ExpiredCardError: EXIT.usage,
  OlderCardError: EXIT.usage,
  UnreadablePictureError: EXIT.usage,
  InvalidPhotoError: EXIT.usage,
  ContactCycleError: EXIT.usage,
  TextTooLongError: EXIT.usage,
  UnknownContactError: EXIT.notFound,
  UnknownPersonError: EXIT.notFound,
  AmbiguousContactError: EXIT.notFound,
  UnknownMessageError: EXIT.notFound,
  UnknownConversationError: EXIT.notFound,
  UnknownDraftError: EXIT.notFound,
  UnknownAttachmentError: EXIT.notFound,
  NoSuchItemError: EXIT.notFound,
  NoIdentityError: EXIT.notFound,
  ProxyNotRunningError: EXIT.notFound,
  DeviceNotRunningError: EXIT.notFound,
  UnknownRequestError: EXIT.notFound,
  CardNotFoundError: EXIT.notFound,
  CardUnavailableError: EXIT.notFound,
  NoSuccessorError: EXIT.notFound,
  UnresolvableNameError: EXIT.notFound,
  PeerUnreachableError: EXIT.unreachable,
  FileUnavailableError: EXIT.unreachable,
  ProfileUnavailableError: EXIT.unreachable,
  StorageUnavailableError: EXIT.storage,
  StoreLockedError: EXIT.storage
}

/** What somebody at a command line does about errors whose words come from a library. */
const WAYS_OUT: Record<string, string> = {
  LockedError: 'Wait until then, or ask them to give it up; who has full permission can, with parley conversation release.',
  StaleEditError: 'See what it is now with parley conversation show, and edit that.',
  NotPermittedError: 'What you may do is in parley conversation show; somebody with full permission can change it.',
  NotAParticipantError: 'See what you have of it with parley conversation show, or begin another with parley conversation new.',
  ConversationExpiredError: 'It can be read still; begin another with parley conversation new.',
  NoSuchItemError: 'See what there is, with ids, in parley conversation show, or parley draft list.',
  UnknownPersonError: 'Add their card first: parley contact add <card>',
  MissingKeyError: 'Fetch what is new first: parley inbox',
  FileUnavailableError: 'Try again later, when they or their proxies are there; what came stays.',
  DamagedFileError: 'Nothing of it was written. Ask them to send it again.',
  DraftPublishingError: 'Finish it with parley draft publish, or delete it with parley draft discard.',
  UnknownContactError: 'Those you know: parley contact list --all',
  AmbiguousContactError: 'Name one of them by their DID.',
  WrongPersonError: 'Make sure whose it is before you go on: somebody may stand between you.',
  OtherKeyError: 'They have another card of you than your own: give them yours anew with parley id card, and compare again.',
  OlderCardError: 'Ask them for their newest card: parley id card',
  NoSuccessorError: 'If they moved, fetch what is new with parley inbox, or add them by their new card.',
  ProfileUnavailableError: 'Try again later; how reachable they are: parley presence show',
  UnsoundCarError: 'See each fault with: parley conversation verify --car <file>. What verifies can be taken in with --partial.',
  DamagedCarError: 'See what is left of it with: parley conversation verify --car <file>. What verifies can be taken in with --partial.',
  NobodysConversationError: 'Whoever takes part in it can import it on a device of theirs.',
  PolicyRefusedError: 'See how your proxies are doing: parley device list'
}

export function exitCodeOf (error: unknown): number {
  return error instanceof Error ? CODES[error.name] ?? EXIT.failed : EXIT.failed
}

export interface ErrorReport { name: string, message: string, causes: string[], hint?: string }

/** Tells an error and what caused it, without stack traces. */
export function reportOf (error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), causes: [] }
  const causes: string[] = []
  for (let cause = error.cause; cause instanceof Error && causes.length < 4; cause = cause.cause) causes.push(cause.message)
  const hint = WAYS_OUT[error.name]
  return { name: error.name, message: error.message, causes, ...(hint === undefined ? {} : { hint }) }
}
