/** Creates a function that runs what it is given one after the other, in the order of the calls. */
export function createQueue (): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return async task => {
    // The task after a failed one runs all the same.
    const mine = last.then(task, task)
    last = mine.catch(() => {})
    return await mine
  }
}
