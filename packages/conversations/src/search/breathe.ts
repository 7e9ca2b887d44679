/** Lets everything else that waits go on, before the caller does. */
export async function breathe (): Promise<void> {
  await new Promise<void>(resolve => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve)
      return
    }
    // Browsers have no shorter way: their timers wait four milliseconds.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
