import { EXIT } from './io.ts'

/** Which exit code an error leads to; what is not named here is 1. */
const CODES: Record<string, number> = {
  AbortError: EXIT.interrupted,
  UsageError: EXIT.usage,
  InvalidArgumentError: EXIT.usage,
  InvalidDidError: EXIT.usage,
  InvalidUrlError: EXIT.usage,
  ExpiredCardError: EXIT.usage,
  UnknownContactError: EXIT.notFound,
  UnknownPersonError: EXIT.notFound,
  AmbiguousContactError: EXIT.notFound,
  UnknownMessageError: EXIT.notFound,
  UnknownConversationError: EXIT.notFound,
  NoIdentityError: EXIT.notFound,
  ProxyNotRunningError: EXIT.notFound,
  PeerUnreachableError: EXIT.unreachable,
  StorageUnavailableError: EXIT.storage,
  StoreLockedError: EXIT.storage
}

export function exitCodeOf (error: unknown): number {
  return error instanceof Error ? CODES[error.name] ?? EXIT.failed : EXIT.failed
}

export interface ErrorReport { name: string, message: string, causes: string[] }

/** Tells an error and what caused it, without stack traces. */
export function reportOf (error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), causes: [] }
  const causes: string[] = []
  for (let cause = error.cause; cause instanceof Error && causes.length < 4; cause = cause.cause) causes.push(cause.message)
  return { name: error.name, message: error.message, causes }
}
