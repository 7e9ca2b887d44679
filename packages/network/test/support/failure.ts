/** Returns the error that a call fails with. */
export async function failureOf (call: Promise<unknown> | (() => unknown)): Promise<Error> {
  try {
    await (typeof call === 'function' ? call() : call)
  } catch (error) {
    return error as Error
  }
  return new RangeError('the call did not fail')
}

/** Waits for a condition by turns of the event loop, not by time. */
export async function until (condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise(resolve => { setImmediate(resolve) })
}
