import { UsageError } from './errors.ts'

/** What a library says of values that cannot stand in a record. */
const UNFIT = new Set(['InvalidBytesError', 'OversizedBytesError', 'InvalidArgumentError', 'ZodError', '$ZodError'])

/** Does something with what the command line said; what cannot be of that is wrong usage, with the library's reason behind it. */
export async function asUsage<T> (message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!UNFIT.has((cause as Error).name)) throw cause
    throw new UsageError(message, { cause })
  }
}
