import type { Parley } from 'parley'
import { openParley } from 'parley/node'
import { runInOwner } from './attach.ts'
import type { CommandContext } from './command.ts'
import { commands } from './commands/index.ts'
import { dataFolder } from './data-folder.ts'
import { UsageError } from './errors.ts'
import { exitCodeOf, reportOf } from './exit-code.ts'
import { EXIT, type Io } from './io.ts'
import { createLogger } from './log.ts'
import { createOutput } from './output.ts'
import { readPassphrase } from './passphrase.ts'
import { CommanderError, createProgram, type Request } from './program.ts'
import { forTerminal, jsonForTerminal } from './terminal-text.ts'
import { version } from './version.ts'

/** The device this process owns, when a command runs in it on behalf of another process. */
export interface Owner {
  root: string
  parley: Parley
}

/** Runs one command line and returns its exit code; never throws. */
export async function run (argv: string[], io: Io, owner?: Owner): Promise<number> {
  const wanted = parse(argv, io)
  if (typeof wanted === 'number') return wanted
  const { definition, args, options } = wanted
  const folder = dataFolder(io, options.data)
  const output = createOutput(io, { json: options.json === true, quiet: options.quiet === true })
  const context: CommandContext = {
    io,
    folder,
    options,
    output,
    isOwner: owner !== undefined,
    passphrase: async () => await readPassphrase(io, options.passphraseFile),
    async withParley (use, { offline = false } = {}) {
      if (owner !== undefined) return await use(owner.parley)
      const parley = await openParley(folder.root, {
        passphrase: await context.passphrase(),
        listen: options.listen ?? [],
        logger: createLogger(io, { verbose: options.verbose === true }),
        clock: io.clock,
        offline
      })
      try {
        return await use(parley)
      } finally {
        await parley.stop()
      }
    }
  }
  try {
    if (owner === undefined && definition.usesDevice !== false) {
      const code = await runInOwner(folder.socket, argv, io)
      if (code !== undefined) return code
    }
    return await definition.action(context, args, options) ?? EXIT.ok
  } catch (error) {
    const report = reportOf(error)
    if (output.json) io.out(jsonForTerminal({ error: report }) + '\n')
    else io.err(forTerminal([`parley: ${report.message}`, ...report.causes.map(cause => `  because: ${cause}`), ...(report.hint === undefined ? [] : [`  ${report.hint}`])].join('\n')) + '\n')
    if (options.verbose === true && error instanceof Error) io.err(`${error.stack ?? ''}\n`)
    return exitCodeOf(error)
  }
}

function parse (argv: string[], io: Io): Request | number {
  let request: Request | undefined
  // A program that asked for JSON gets what is wrong with its command line as JSON too.
  const json = argv.includes('--json')
  const program = createProgram(commands, version, { out: text => { io.out(text) }, err: text => { if (!json) io.err(text) } }, found => { request = found })
  try {
    if (argv.length === 0) {
      program.outputHelp()
      return EXIT.usage
    }
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return EXIT.ok
    if (json) io.out(JSON.stringify({ error: reportOf(new UsageError(error.message.replace(/^error: /, ''))) }) + '\n')
    return EXIT.usage
  }
  return request ?? EXIT.usage
}
