import type { Logger } from './logger.ts'

/** The part of an emitter that is given to callers. */
export interface Emitter<Events extends Record<string, unknown>> {
  /**
   * Calls `listener` for each `type` event until the signal aborts or the
   * returned function is called. A listener that throws, or whose promise
   * rejects, is logged and stops nobody.
   */
  on<Type extends keyof Events & string>(type: Type, listener: (payload: Events[Type]) => void, options?: { signal?: AbortSignal }): () => void
}

/** An emitter with the right to emit, kept by its owner. */
export interface EmitterSource<Events extends Record<string, unknown>> extends Emitter<Events> {
  emit<Type extends keyof Events & string>(type: Type, payload: Events[Type]): void
}

/** Creates an emitter; errors of listeners go to `logger.error`. */
export function createEmitter<Events extends Record<string, unknown>> (logger: Logger): EmitterSource<Events> {
  const listeners = new Map<string, Set<(payload: never) => unknown>>()
  return {
    on (type, listener, { signal } = {}) {
      if (signal?.aborted === true) return () => {}
      // A wrapper of its own lets the same function be added twice and removed once.
      const entry = (payload: never): unknown => listener(payload)
      const set = listeners.get(type) ?? new Set()
      listeners.set(type, set.add(entry))
      const off = (): void => {
        set.delete(entry)
        signal?.removeEventListener('abort', off)
      }
      signal?.addEventListener('abort', off, { once: true })
      return off
    },
    emit (type, payload) {
      const set = listeners.get(type)
      const failed = (error: unknown): void => { logger.error(`a listener of ${type} threw`, { error }) }
      for (const listener of [...set ?? []]) {
        // An earlier listener may have taken this one away.
        if (set?.has(listener) !== true) continue
        try {
          const outcome = listener(payload as never)
          // An async function passes for a listener; its rejection must not end the process.
          if (outcome instanceof Promise) outcome.catch(failed)
        } catch (error) {
          failed(error)
        }
      }
    }
  }
}
