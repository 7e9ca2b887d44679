import { processIo } from './process-io.ts'
import { run } from './run.ts'

/** Runs the command line of this process and ends it with the command's exit code. */
export async function main (): Promise<void> {
  const code = await run(process.argv.slice(2), processIo())
  // Native modules and open sockets must not keep a finished command alive; what was printed must get out first.
  await Promise.all([process.stdout, process.stderr].map(async stream => { await new Promise(resolve => stream.write('', resolve)) }))
  process.exit(code)
}
