import type { Clock } from './clock.ts'
import { TimeoutError } from './errors.ts'

/** What every waiting call accepts. */
export interface AbortOptions {
  /** Ends the wait; the call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Rejects with the signal's reason as soon as it aborts, else settles as `promise` does. */
export async function raceSignal<T> (promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  // The loser of the race must not become an unhandled rejection.
  promise.catch(() => {})
  signal.throwIfAborted()
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => { reject(signal.reason as Error) }
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}

/** Settles as `promise` does, or rejects with a `TimeoutError` after `timeoutMs` of `clock`. */
export async function withTimeout<T> (promise: Promise<T>, what: string, timeoutMs: number, clock: Clock, { signal }: AbortOptions = {}): Promise<T> {
  const controller = new AbortController()
  const cancel = clock.setTimer(() => { controller.abort(new TimeoutError(what, timeoutMs)) }, timeoutMs)
  try {
    const either = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal])
    return await raceSignal(promise, either)
  } finally {
    cancel()
  }
}

/** Resolves after `durationMs` of `clock`, or rejects when the signal aborts. */
export async function sleep (durationMs: number, clock: Clock, { signal }: AbortOptions = {}): Promise<void> {
  signal?.throwIfAborted()
  let cancel: (() => void) | undefined
  try {
    await raceSignal(new Promise<void>(resolve => { cancel = clock.setTimer(resolve, durationMs) }), signal)
  } finally {
    cancel?.()
  }
}
