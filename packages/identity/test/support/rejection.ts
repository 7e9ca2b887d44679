/** Returns the name of the error with which `run` ends, or `'no error'`. */
export async function nameOfError (run: () => unknown): Promise<string> {
  try {
    await run()
    return 'no error'
  } catch (error) {
    return (error as Error).name
  }
}
